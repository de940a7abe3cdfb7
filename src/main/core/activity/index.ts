/**
 * What the owner is doing, kept in memory for whoever watches: the last requests with their timing, tokens per second, and the last
 * lines of the log. Bounded, and without a word of any prompt or answer. Imported by the composition root and by the API, which tells
 * of its requests.
 */
export { clientName } from './client-name'
export { createLogRing, type LogRing } from './log-ring'
export { recordAnswers } from './record-answers'
export { createRequestLog, type RequestEntry, type RequestLog } from './request-log'
export { createThroughput, type Throughput } from './throughput'
