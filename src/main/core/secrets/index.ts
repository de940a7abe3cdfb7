/**
 * Secrets of the user that we keep: the token of the Hub that `mlxk login` was given. Nobody else's files are read or written here.
 * Imported by the composition roots.
 */
export { createFileSecrets, type SecretStore } from './file-secrets'
