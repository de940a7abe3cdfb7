/**
 * The keys of the API: making, naming, revoking and recognising them. Only their hashes are kept. Whether a request needs a key is the
 * server's to say. Imported by the composition root and the command line; the server is handed `check`.
 */
export { createApiKeys, type ApiKeys, type ApiKeysDeps } from './keys'
