/**
 * What the models on the disk would take of this machine's memory. Imports the faces of `cache`, `engine` and `models`; imported by the
 * composition roots and the control server.
 */
export { createFits, type Fits } from './fits'
