import { appendFileSync } from 'node:fs'

/** Counts tests for the closing line of `npm test`: a failed module or an unhandled error counts as one failure. */
export default class CountReporter {
  onTestRunEnd(modules, errors) {
    const count = { passed: 0, failed: errors.length, skipped: 0 }
    for (const module of modules) {
      if (module.errors().length > 0) count.failed += 1
      for (const test of module.children.allTests()) count[test.result().state] = (count[test.result().state] ?? 0) + 1
    }
    if (process.env.MLXK_TEST_COUNTS) appendFileSync(process.env.MLXK_TEST_COUNTS, `${JSON.stringify(count)}\n`)
  }
}
