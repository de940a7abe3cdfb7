/**
 * The control port: RPC over HTTP for browser pages, CLI clients and a second app, and the page itself. Loopback and token always; never
 * on the same listener as the OpenAI API. What lives here knows HTTP and the contract; the work is the core's. Imported by the
 * composition root.
 */
export { createOneTimeCodes, type OneTimeCodes } from './auth'
export { buildControl, type ControlDeps } from './control'
export { createHandlers, type HandlerDeps } from './handlers'
export { listenControl } from './start'
