export default {
  testEnvironment: '<rootDir>/test/no-leftovers.ts',
  roots: ['<rootDir>/test'],
  globalSetup: '<rootDir>/test/run-folder.ts',
  globalTeardown: '<rootDir>/test/remove-run-folder.ts',
  setupFiles: ['<rootDir>/test/isolated-home.ts'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'es6' } },
    ],
  },
  moduleNameMapper: {
    '^latchkey$': '<rootDir>/lib/index.ts',
    '^latchkey/client$': '<rootDir>/lib/client/index.ts',
    '^latchkey/testing$': '<rootDir>/lib/testing/index.ts',
  },
  reporters: ['default', '<rootDir>/scripts/summary-reporter.mjs'],
  maxWorkers: 2,
  testTimeout: 30_000,
}
