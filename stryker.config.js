// Mutation testing of what decides: `npm run mutation` for lib/locality, `npm run mutation -- -m 'lib/pairing/**/*.ts'`
// for the other. One at a time, and only what has changed since the last run.
export default {
  mutate: ['lib/locality/**/*.ts'],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings'],
  jest: { projectType: 'custom', configFile: 'jest.mutation.config.js', enableFindRelatedTests: false },
  coverageAnalysis: 'off',
  concurrency: 1,
  incremental: true,
  incrementalFile: '.stryker/incremental.json',
  tempDirName: '.stryker/sandbox',
  reporters: ['progress-append-only', 'clear-text', 'json'],
  jsonReporter: { fileName: '.stryker/report.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  ignorePatterns: ['dist', '.node', 'reference', 'coverage', 'docs', 'examples', 'bench', '.github'],
  disableTypeChecks: false,
  timeoutMS: 60_000,
}
