/**
 * Jobs: long work that outlives the window that started it. Knows how to start, watch, cancel and remember, never what the work is:
 * the composition root hands in one runner per kind. Imported by the composition root and the control server.
 */
export { createJobs, type Jobs, type JobsDeps, type Runner } from './jobs'
