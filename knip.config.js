// Unused files, exports and dependencies. What the package exports is its interface, whoever uses it.
import { readFileSync } from 'node:fs'

const { exports } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))
const entries = Object.values(exports)
  .filter((target) => typeof target !== 'string')
  .map((target) => target.default.replace('./dist/', 'lib/').replace(/\.js$/, '.ts'))

export default {
  entry: [
    ...entries,
    'jest.mutation.config.js',
    'lib/cli/main.ts',
    'lib/admin/console/main.ts',
    'lib/evidence/linux/*-worker.ts',
    'scripts/**/*.mjs',
    'examples/**/*.{js,ts,mjs,cjs}',
    'bench/**/*.ts',
    'test/**/children/*',
    'test/**/specimens/*',
    'test/mutation/*',
  ],
  project: ['lib/**/*.ts', 'test/**/*.{ts,mjs,js}', 'scripts/**/*.mjs', 'bench/**/*.ts', 'examples/**/*.js'],
  // A type that a signature of its own file names is exported with it.
  ignoreExportsUsedInFile: { type: true },
  ignoreBinaries: [/.*/],
  // Run or read by their path.
  ignoreDependencies: [
    '@arethetypeswrong/cli',
    '@stryker-mutator/core',
    '@stryker-mutator/jest-runner',
    'axe-core',
    'cspell',
    'jest',
    // Comes with jest.
    'jest-environment-node',
    'publint',
    'typedoc',
  ],
  // `isRole` and `isScope` are one rule under two names, on purpose.
  rules: { duplicates: 'off' },
}
