import { TestEnvironment } from 'jest-environment-node'

type CircusEvent = {
  readonly name: string
  readonly test?: { mode?: string | null; readonly errors: readonly unknown[] }
}

/** Ends a run at its first failure: a mutant is killed by then, and jest itself goes on to the end of the file. */
export default class OneFailure extends TestEnvironment {
  #hasFailed = false

  handleTestEvent({ name, test }: CircusEvent): void {
    if (test === undefined) return
    if (name === 'test_start' && this.#hasFailed) test.mode = 'skip'
    if (name === 'test_done' && test.errors.length > 0) this.#hasFailed = true
  }
}
