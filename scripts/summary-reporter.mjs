// The last lines of a run: every suite that was skipped, by name, then one plain line of counts.
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    for (const suite of results.testResults) {
      const skipped = suite.testResults.filter((test) => test.status === 'pending' || test.status === 'todo')
      for (const test of skipped) console.log(`SKIPPED: ${test.fullName}`)
    }
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    const skipped = results.numPendingTests + results.numTodoTests
    this.skippedInCi = process.env.CI === 'true' && skipped > 0
    if (this.skippedInCi) console.log('With CI=true a skipped test is a failure.')
    const counts = `${results.numPassedTests} passed, ${failed + (this.skippedInCi ? skipped : 0)} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
    // jest prints a summary of its own after this.
    process.once('exit', () => console.log(counts))
  }

  getLastError() {
    return this.skippedInCi ? new Error('tests were skipped with CI=true') : undefined
  }
}
