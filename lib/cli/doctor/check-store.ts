import { readPostgresOptions } from '../../store/postgres/postgres-options.ts'
import { postgresOptions } from '../store-place.ts'
import { green, red, yellow, type Finding } from './finding.ts'

const ON_THIS_MACHINE = /^(?:localhost|127\.\d+\.\d+\.\d+|::1|\/.*)$/

/** How the gateway reaches a PostgreSQL store. Looks at the URL alone, and never shows its password. */
export function checkDatabase(url: string): Finding[] {
  let connection: ReturnType<typeof readPostgresOptions>['connection']
  try {
    ;({ connection } = readPostgresOptions(postgresOptions(url)))
  } catch (error) {
    return [red('store', (error as Error).message, 'Correct --store, or LATCHKEY_STORE_URL.')]
  }
  const host = connection.host ?? process.env.PGHOST ?? 'localhost'
  const isEncrypted = connection.ssl ?? (process.env.PGSSLMODE ?? 'disable') !== 'disable'
  if (ON_THIS_MACHINE.test(host)) return [green('store', `PostgreSQL on this machine (${host})`)]
  if (isEncrypted !== false) return [green('store', `PostgreSQL on ${host}, with TLS`)]
  const advice = 'Add ?sslmode=verify-full to its URL, unless the network in between is encrypted itself.'
  return [yellow('store', `PostgreSQL on ${host}, without TLS: whoever is on the way reads along`, advice)]
}
