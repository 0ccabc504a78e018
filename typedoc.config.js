// The reference of every entry of the package, by `npm run docs` into reference/. What is exported and has no
// documentation, or names a type that is not exported, is an error.
import { readFileSync } from 'node:fs'

const { exports } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  name: 'Latchkey',
  tsconfig: 'tsconfig.build.json',
  entryPoints: Object.values(exports)
    .filter((target) => typeof target !== 'string')
    .map((target) => target.default.replace('./dist/', 'lib/').replace(/\.js$/, '.ts')),
  out: 'reference',
  readme: 'none',
  excludeInternal: true,
  excludePrivate: true,
  githubPages: false,
  hideGenerator: true,
  disableSources: true,
  // Opaque parts of what is exported, a table that a type is taken from, and options that are shown where they are taken.
  intentionallyNotExported: [
    'FieldClass',
    'HostName',
    'SENTENCES',
    'TABLE',
    'Shot',
    'TrustList',
    'NodeOptions',
    'ThreadPeerLookupOptions',
    'lib/gateway/options.ts:GatewayOptions',
  ],
  // A property may say enough by its name and type; everything else says what it is.
  requiredToBeDocumented: [
    'Enum',
    'Variable',
    'Function',
    'Class',
    'Interface',
    'Method',
    'Accessor',
    'TypeAlias',
  ],
  validation: { notExported: true, invalidLink: true, notDocumented: true, rewrittenLink: true },
  treatWarningsAsErrors: true,
}
