/**
 * How a contract travels: typed client, two transports, one dispatcher. Pure and free of schemas at run time, so that the page may
 * import all of it; what parses (the dispatcher) gets the contract as an argument from the owner.
 */
export { createClient, type CallOptions, type Client, type EventStream } from './client'
export { createDispatcher, MAX_INPUT_BYTES, type CallReport, type DispatchContext, type Dispatcher } from './dispatch'
export type { Frame, Transport } from './frames'
export { createHttpTransport, type HttpTransportOptions } from './http-transport'
export { adaptEmitterPort, type EmitterPort, type PortLike } from './port'
export { createPortTransport, type PortTransport } from './port-transport'
export { servePort } from './serve-port'
export { statements, webProver, type Prover } from './session'
export { isLargerThan } from './size'
