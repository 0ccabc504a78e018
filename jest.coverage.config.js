// What decides who is local and who may connect, by its own tests alone: every branch of it is to be taken.
import base from './jest.config.js'

export default {
  ...base,
  roots: ['<rootDir>/test/locality', '<rootDir>/test/pairing'],
  collectCoverage: true,
  coverageProvider: 'v8',
  coverageDirectory: 'coverage',
  coverageReporters: ['text', 'json'],
  collectCoverageFrom: ['lib/locality/**/*.ts', 'lib/pairing/**/*.ts'],
  coverageThreshold: { 'lib/locality/': { branches: 100 }, 'lib/pairing/': { branches: 100 } },
}
