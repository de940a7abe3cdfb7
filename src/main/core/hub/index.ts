/**
 * The Hub: what is there, at which commit, with which files, and their bytes. Checks everything that it passes on: paths, hashes and sizes
 * of a Hub are foreign data. Writes nothing. Imported by `downloads` and by the composition root.
 */
export { createHubClient, type HubClient, type HubClientDeps } from './client'
export { DEFAULT_ENDPOINT, readPlace, type HubPlace } from './endpoint'
export { backOffMs, isTransient, retry, type RetryDeps } from './retry'
export { createTransport, type Transport } from './transport'
export { readToken, tokenFile, type TokenDeps } from './token'
export type { FileRequest, FileResponse, HubFile, HubRevision, HubToken } from './types'
