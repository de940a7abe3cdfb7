/**
 * The Hub: what is there, at which commit, with which files, and their bytes. Checks everything that it passes on: paths, hashes and sizes
 * of a Hub are foreign data. Writes nothing. Imported by `downloads` and by the composition roots.
 */
export { createHubClient, type HubClient, type HubClientDeps } from './client'
export { readPlace, type HubPlace } from './endpoint'
export { openHub, type OpenHub, type OpenHubDeps } from './open-hub'
export { backOffMs, isTransient } from './retry'
export { createTransport, type Transport } from './transport'
export { readToken, type TokenDeps } from './token'
export type { FileRequest, FileResponse, HubAccount, HubFile, HubListing, HubQuery, HubRevision, HubToken } from './types'
