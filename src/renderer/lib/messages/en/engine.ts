import type { InstallProgress } from '../../../../shared/contract'

export const engine = {
  missingTitle: 'The engine is not installed',
  missingText: 'Models can be managed without it, but not run.',
  brokenTitle: 'The engine does not work',
  install: 'Install engine',
  reinstall: 'Install again',
  installing: 'Installing the engine',
  failedTitle: 'The engine was not installed',
  cancelInstall: 'Cancel installation',
  step: {
    find_python: 'Looking for Python',
    create_environment: 'Creating its own Python environment',
    install_packages: 'Fetching mlx-lm and its packages',
    self_test: 'Checking that it runs',
    activate: 'Almost done',
    remove: 'Removing it',
  } satisfies Record<InstallProgress['step'], string>,
  starting: 'Starting',
  ready: 'The engine is ready',
  versions: (lm: string, python: string) => `mlx-lm ${lm}, Python ${python}`,
  about: 'It runs the models and lives in its own folder; no other Python is changed.',
  progress: (percent: string) => `Engine installation, ${percent}`,
}
