import type { Compilable, CompiledQuery, QueryResult } from 'kysely'

/** Carries out what Kysely has written. */
export type StatementConnection = {
  executeQuery<R>(query: CompiledQuery<R>): Promise<QueryResult<R>>
}

/** Values by the names that a statement uses for them. */
type Values = Readonly<Record<string, unknown>>

/** Runs one statement with these values. */
export type Statement<V extends Values, T> = (values: V) => Promise<T>

/** Stands for a value while a statement is written. */
class Slot {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  /** A statement that looks at a value would look the same for every value. */
  [Symbol.toPrimitive](): never {
    throw new TypeError(`the text of a statement must not depend on the value of ${this.name}`)
  }
}

/**
 * Statements that Kysely writes once and that run often, each time with other values: writing one costs several times
 * what SQLite needs to carry it out. They are written when they first run.
 *
 * @param connection for as long as the statements live
 */
export function statementsOn(connection: StatementConnection) {
  function resultOf<V extends Values, R>(write: (values: V) => Compilable<R>): Statement<V, QueryResult<R>> {
    let written: CompiledQuery<R> | undefined
    return (values) => {
      written ??= write(slotsFor(values)).compile()
      return connection.executeQuery({ ...written, parameters: fill(written.parameters, values) })
    }
  }

  return {
    /** Gives its rows. */
    all: <V extends Values, R>(write: (values: V) => Compilable<R>): Statement<V, R[]> => {
      const run = resultOf(write)
      return async (values) => (await run(values)).rows
    },
    /** Gives the first of its rows. */
    first: <V extends Values, R>(write: (values: V) => Compilable<R>): Statement<V, R | undefined> => {
      const run = resultOf(write)
      return async (values) => (await run(values)).rows[0]
    },
    /** Changes rows. */
    change: <V extends Values>(write: (values: V) => Compilable): Statement<V, void> => {
      const run = resultOf(write)
      return async (values) => {
        await run(values)
      }
    },
    /** Changes rows, and tells how many. */
    count: <V extends Values>(write: (values: V) => Compilable): Statement<V, number> => {
      const run = resultOf(write)
      return async (values) => Number((await run(values)).numAffectedRows ?? 0)
    },
    /** The same for a statement whose text is another one each time. */
    countOnce: async (query: Compilable): Promise<number> =>
      Number((await connection.executeQuery(query.compile())).numAffectedRows ?? 0),
  }
}

function slotsFor<V extends Values>(values: V): V {
  return Object.fromEntries(Object.keys(values).map((name) => [name, new Slot(name)])) as unknown as V
}

function fill(parameters: readonly unknown[], values: Values): unknown[] {
  return parameters.map((parameter) => (parameter instanceof Slot ? values[parameter.name] : parameter))
}
