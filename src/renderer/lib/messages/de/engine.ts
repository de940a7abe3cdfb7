import type { engine as english } from '../en/engine'

export const engine: typeof english = {
  missingTitle: 'Die Engine ist nicht installiert',
  missingText: 'Modelle lassen sich auch ohne sie verwalten, aber nicht ausführen.',
  brokenTitle: 'Die Engine funktioniert nicht',
  install: 'Engine installieren',
  reinstall: 'Neu installieren',
  installing: 'Die Engine wird installiert',
  failedTitle: 'Die Engine wurde nicht installiert',
  cancelInstall: 'Installation abbrechen',
  step: {
    find_python: 'Python wird gesucht',
    create_environment: 'Eine eigene Python-Umgebung wird angelegt',
    install_packages: 'mlx-lm und seine Pakete werden geholt',
    self_test: 'Die Engine wird geprüft',
    activate: 'Fast fertig',
    remove: 'Wird entfernt',
  },
  starting: 'Startet',
  ready: 'Die Engine ist bereit',
  versions: (lm, python) => `mlx-lm ${lm}, Python ${python}`,
  about: 'Sie führt die Modelle aus und liegt in einem eigenen Ordner; kein anderes Python wird verändert.',
  progress: (percent) => `Installation der Engine, ${percent}`,
}
