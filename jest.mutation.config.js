// The tests of one part of lib, by itself, in one process: a mutant costs what they cost.
import { fileURLToPath } from 'node:url'
import base from './jest.config.js'

export default {
  ...base,
  roots: ['<rootDir>/test/mutation'],
  testMatch: ['**/area.suite.ts'],
  testEnvironment: fileURLToPath(new URL('test/mutation/one-failure.ts', import.meta.url)),
  maxWorkers: 1,
  reporters: [],
}
