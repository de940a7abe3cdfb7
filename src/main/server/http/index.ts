/**
 * Listening, guarding and stopping HTTP servers, for both listeners (API and control). What lives here knows sockets and headers, never
 * a dialect, a route or the core. Imported by server/openai, server/control and the composition root.
 *
 *   const listening = await listen(app.fetch, { host: '127.0.0.1', port: 0 })   // AppError port_in_use, listen_failed
 *   const refusal = checkRequest(request.headers, { hosts: [], origins: [], localOrigins: false })   // AppError forbidden, or null
 *   const denial = checkAccess(scopeOf(method, path), { local, headers }, keyRules)   // AppError unauthorized, forbidden, or null
 *   await listening.close({ graceMs: 4000 })
 */
export { checkAccess, isLocalCaller, scopeOf, type Caller, type KeyRules } from './access'
export { checkRequest, type GuardRules } from './guards'
export { listen, type BadBytes, type Listening, type ListenLimits, type ListenOptions } from './listen'
export { createPortUserFinder, type PortUser } from './port-user'
export { securityHeaders, serveFile } from './static-files'
