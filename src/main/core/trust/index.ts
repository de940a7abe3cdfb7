/**
 * Trust: which revisions of models may run code of their own, and what that code is. Reads and hashes code files, keeps what the user has
 * agreed to, runs nothing. Imported by the composition root and the command line; the catalog and the pool are handed `isTrusted`.
 */
export { createTrust, type Trust, type TrustDeps, type TrustSubject } from './trust'
