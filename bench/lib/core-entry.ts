/** What the benchmarks call inside a process. */
export { listPlaces, scanRoots, stampPlaces } from '../../src/main/core/cache'
export { keepHeapSmall } from '../../src/main/core/system'
export { createCatalog, createVerdictIndex } from '../../src/main/core/models'
