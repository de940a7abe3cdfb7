/** What the benchmarks call inside a process. */
export { listPlaces, scanRoots, stampPlaces } from '../../src/main/core/cache'
export { createCatalog, createVerdictIndex } from '../../src/main/core/models'
