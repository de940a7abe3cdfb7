import type { firstRun as english } from '../en/first-run'

export const firstRun: typeof english = {
  title: 'Willkommen bei MLX Knife',
  nearly: 'MLX Knife ist fast bereit',
  steps: 'Zwei Schritte. Die Demo erledigt beide auf einmal.',
  oneStep: 'Ein Schritt fehlt noch.',
  engineStep: 'Engine installieren',
  modelStep: 'Ein Modell holen',
  modelText:
    'Das eingebaute Demo-Modell ist winzig und entsteht auf diesem Computer; dafür wird nichts geladen. Es ist ein echtes MLX-Modell, das mit einem festen Text antwortet.',
  cacheText: 'Modelle, die im Cache von Hugging Face liegen, erscheinen hier von selbst:',
  cacheMissing: 'diesen Ordner gibt es noch nicht',
  demo: 'Eingebautes Demo-Modell ausprobieren',
  demoSetUp: 'Die Demo wird eingerichtet',
  demoWaits: 'Der Chat öffnet sich, sobald die Engine bereit ist.',
  demoFailed: 'Die Demo konnte nicht eingerichtet werden',
}
