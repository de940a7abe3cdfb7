import type * as english from '../en/app'

export const app: typeof english.app = {
  name: 'MLX Knife',
  title: (view) => `${view} · MLX Knife`,
  connecting: 'Verbindung mit MLX Knife wird hergestellt',
  skipToContent: 'Zum Inhalt springen',
  crashedTitle: 'Diese Ansicht ist ausgefallen',
  crashedText:
    'Alles andere in MLX Knife läuft weiter. Wird das Fenster neu geladen, bleiben Modelle und Antworten auf dem Server, wie sie sind.',
  reload: 'Neu laden',
  toasts: 'Hinweise',
}

export const time: typeof english.time = {
  now: 'Jetzt',
  yesterday: 'Gestern',
  minutesAgo: (count) => `vor ${count} Min.`,
  hoursAgo: (count) => `vor ${count} Std.`,
}

export const common: typeof english.common = {
  cancel: 'Abbrechen',
  copy: 'Kopieren',
  copied: 'Kopiert',
  tryAgain: 'Erneut versuchen',
  tryNow: 'Jetzt versuchen',
  back: 'Zurück',
  dismiss: 'Schließen',
  details: 'Details',
  undo: 'Rückgängig',
  requestId: (id) => `Anfrage ${id}`,
}

export const access: typeof english.access = {
  title: 'Diese Seite hat keinen Zugriff',
  text: 'Ihr Link wurde schon benutzt oder ist zu alt. Ein neuer entsteht im Terminal:',
  command: 'mlxk ui',
  copyCommand: 'Befehl kopieren',
}

export const connection: typeof english.connection = {
  lostTitle: 'MLX Knife antwortet nicht.',
  lostText: 'Ein neuer Versuch folgt alle 2 s. Eingegebener Text bleibt erhalten.',
  lostAlone: 'Das Programm ist beendet oder wurde auf diesem Port nie gestartet. Ein neuer Versuch folgt alle 2 s.',
}

export const sections: typeof english.sections = {
  label: 'Bereiche',
  library: 'Bibliothek',
  use: 'Nutzung',
  models: 'Modelle',
  discover: 'Entdecken',
  downloads: 'Downloads',
  storage: 'Speicher',
  chat: 'Chat',
  server: 'Server',
  settings: 'Einstellungen',
  show: 'Seitenleiste einblenden',
  hide: 'Seitenleiste ausblenden',
}
