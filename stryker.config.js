// Mutation testing of what decides: `npm run mutation` for lib/locality, `LATCHKEY_MUTATE=pairing npm run mutation` for
// the other. Only what has changed since the last run, or is met by a test of a new name. A survivor in a constant of a
// module is not tried again by a new test: `--force` does that. Results are kept when a run ends, so `-m` takes parts.
const area = process.env.LATCHKEY_MUTATE ?? 'locality'

export default {
  // The recipes are text alone.
  mutate: [`lib/${area}/**/*.ts`, '!lib/locality/proxy-recipes.ts'],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings'],
  jest: { projectType: 'custom', configFile: 'jest.mutation.config.js', enableFindRelatedTests: false },
  coverageAnalysis: 'perTest',
  concurrency: 1,
  // jest keeps something of every run.
  maxTestRunnerReuse: 250,
  incremental: true,
  incrementalFile: `.stryker/incremental-${area}.json`,
  tempDirName: '.stryker/sandbox',
  reporters: ['progress-append-only', 'clear-text', 'json'],
  jsonReporter: { fileName: `.stryker/report-${area}.json` },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  ignorePatterns: ['dist', '.node', 'reference', 'coverage', 'docs', 'examples', 'bench', '.github'],
  disableTypeChecks: false,
  timeoutMS: 20_000,
}
