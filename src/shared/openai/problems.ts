export { firstProblem } from '../errors'
