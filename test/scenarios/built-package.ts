/** The package as it is built into dist/, with the types of its sources: what the child processes of the scenarios use. */
export const latchkey = (await import(
  new URL('../../dist/index.js', import.meta.url).href
)) as typeof import('../../lib/index.ts')

export const latchkeyClient = (await import(
  new URL('../../dist/client/index.js', import.meta.url).href
)) as typeof import('../../lib/client/index.ts')

/** Loaded by those who need it: it takes `pg`. */
export const builtPostgres = async () =>
  (await import(
    new URL('../../dist/store/postgres/index.js', import.meta.url).href
  )) as typeof import('../../lib/store/postgres/index.ts')
