/**
 * The owner's state as windows mirror it: when a snapshot is made and published, and how changes on the disk are noticed. What the
 * state is made of is the composition root's business. Imported by the composition root only.
 */
export { createStatePublisher, type PublisherDeps, type StatePublisher } from './publisher'
export { watchRoots, type RootsWatcher, type RootsWatcherDeps } from './watch-roots'
