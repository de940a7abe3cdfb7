export { findLayout, type Layout } from './layout'
export { currentPlatform, dataPaths, expandPath, readVariable, type DataPaths, type Env, type Platform } from './paths'
