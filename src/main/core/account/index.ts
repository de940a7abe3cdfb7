/**
 * The person's account with the Hub: whose token counts, where it comes from, and storing and forgetting one. Imported by the composition
 * roots: the owner's for the windows, the command line's for itself.
 */
export { checkToken, createAccount, type Account, type AccountDeps } from './account'
