/**
 * What the rest of the core may know of the machine: where our files lie, the environment's variables, writing private files, telling
 * listeners. Everybody may import it; it imports nothing but shared.
 */
export { checksum } from './checksum'
export { findObstacle, makeFolder, prepareDataFolder, type Obstacle } from './data-folder'
export { createEmitter, follow, type Emitter } from './emitter'
export { toFileError } from './file-errors'
export { createFileLocks, type FileLocks, type FileLockState } from './file-lock'
export { keepHeapSmall } from './heap'
export { findLayout, type Layout } from './layout'
export { currentPlatform, dataPaths, expandPath, readVariable, type DataPaths, type Env, type Platform } from './paths'
export { writePrivateFile } from './write-file'
export { within } from './within'
