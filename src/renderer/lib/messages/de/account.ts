import type { account as en } from '../en/account'

export const account: typeof en = {
  title: 'Hugging-Face-Konto',
  asking: 'Der Hub wird gefragt …',
  nobody: 'Nicht angemeldet',
  nobodyText: 'Öffentliche Modelle brauchen kein Konto, private und solche mit Bedingungen schon.',
  unknown: 'Der Hub hat nicht gesagt, wem dieses Token gehört',
  signedInAs: (name) => `Angemeldet als ${name}`,
  sealed: 'Die Anmeldung liegt im Schlüsselbund der App',
  sealedText: 'Nur die App kann sie lesen. Hier neu anmelden oder die App benutzen.',
  kept: { keychain: 'Im Schlüsselbund', file: 'In einer Datei, die nur Sie lesen können' },
  from: {
    environment: 'Durch die Variable HF_TOKEN; dort zu ändern',
    token_file: 'Durch die Token-Datei von huggingface_hub; „hf auth login“ und „hf auth logout“ ändern sie',
  },
  role: (role) => `Rolle: ${role}`,
  token: 'Token',
  placeholder: 'hf_…',
  empty: 'Zuerst ein Token einfügen.',
  signIn: 'Anmelden',
  signOut: 'Abmelden',
  makeToken: 'Token erstellen',
  goSignIn: 'Anmelden …',
}
