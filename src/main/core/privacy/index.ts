/**
 * What this program knows of its user: where it lies, how large it is, and how all of it goes. Models, the engine and what can be computed
 * again are none of it, and no path outside of the data folder is ever touched here. Imported by the composition root.
 */
export { releaseAll, type Holders } from './release'
export { createPrivacy, type Privacy, type PrivacyDeps } from './privacy'
