import { expect, test } from '@jest/globals'
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import type { CompiledQuery } from 'kysely'
import type { StoreTables } from '../../lib/store/schema.ts'
import { statementsOn } from '../../lib/store/statements.ts'

const db = new Kysely<StoreTables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (any) => new SqliteIntrospector(any),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})
const run: CompiledQuery[] = []
const { first } = statementsOn({
  executeQuery(query) {
    run.push(query)
    return Promise.resolve({ rows: [] })
  },
})

test('a statement is written once, and runs with the values of each call', async () => {
  let written = 0
  const find = first(({ key, limit }: { key: string; limit: number }) => {
    written += 1
    return db.selectFrom('settings').select('value').where('key', '=', key).limit(limit)
  })
  await find({ key: 'a', limit: 1 })
  await find({ limit: 2, key: "b' or 1" })
  expect(written).toBe(1)
  expect(run.map(({ parameters }) => parameters)).toEqual([
    ['a', 1],
    ["b' or 1", 2],
  ])
  expect(run[1]?.sql).toBe(run[0]?.sql)
})

test('a statement whose text looks at a value is refused: it would be that of the first call for ever', async () => {
  const careless = first(({ key }: { key: string }) =>
    db.selectFrom('settings').select('value').where('key', '=', `${key}!`),
  )
  await expect(careless({ key: 'a' })).rejects.toThrow('must not depend on the value of key')
})
