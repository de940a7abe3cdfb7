import { appendFileSync } from 'node:fs'

/** Counts tests for the closing line of `npm test`, in the form of count-reporter.mjs. An error outside of a test counts as one failure. */
export default class PlaywrightCountReporter {
  #count = { passed: 0, failed: 0, skipped: 0 }

  onTestEnd(test, result) {
    if (result.status === 'skipped') {
      this.#count.skipped += 1
      const reason = test.annotations.find(({ type }) => type === 'skip')?.description
      console.log(`skipped: ${test.title}${reason === undefined ? '' : `: ${reason}`}`)
    } else this.#count[test.ok() ? 'passed' : 'failed'] += 1
  }

  onError() {
    this.#count.failed += 1
  }

  onEnd() {
    if (process.env.MLXK_TEST_COUNTS) appendFileSync(process.env.MLXK_TEST_COUNTS, `${JSON.stringify(this.#count)}\n`)
  }

  printsToStdio() {
    return false
  }
}
