/**
 * The owner's log file: writing, rotation, and taking out of it what must not be there. Imported by the composition root, which hands
 * `Log` to whoever has something to tell; one-shot commands have no log.
 */
export { complainTo, logCalls, logModels, logRequests } from './calls'
export { createLog, logFile, type Log, type LogDeps, type LogFields, type OpenLog } from './log'
export { redact, type Redaction } from './redact'
