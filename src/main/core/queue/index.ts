/**
 * The owner's queue of downloads: what is fetched in which order, what waits for what, and what came of it. Outlives windows and restarts
 * in `<data>/downloads/queue.json`. Fetching itself is `downloads`' business. Imported by the composition root and the control handlers.
 */
export { readQueue } from './read-queue'
export { openDownloadQueue, type OpenQueue, type OpenQueueDeps } from './open-queue'
