// The tests of lib/locality in one process: a mutant costs what they cost, so the two that try thousands of inputs are
// left out. A mutant that survives here is to be held against them too.
import base from './jest.config.js'

export default {
  ...base,
  roots: ['<rootDir>/test/locality'],
  testPathIgnorePatterns: ['/node_modules/', 'property\\.test', 'proxy-addr\\.test'],
  maxWorkers: 1,
  reporters: [],
}
