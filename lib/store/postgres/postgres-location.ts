/** What identifies a store in messages: never a secret. */
export type PostgresLocation = {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly schema: string
}

/** The store, as messages name it. */
export function describeLocation({ host, port, database, schema }: PostgresLocation): string {
  return `the PostgreSQL store (schema ${schema} of database ${database} on ${host}:${port})`
}
