/**
 * Secrets of the user that we keep: the token of the Hub that somebody signed in with. Nobody else's files are read or written here, and
 * the keychain is handed in by the program that has one. Imported by the composition roots and, for its types, by `account`.
 */
export { createSecrets, type Sealer, type SecretPlace, type SecretStore, type StoredToken } from './secrets'
