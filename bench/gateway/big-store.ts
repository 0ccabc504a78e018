// Reconnects and list pages with many devices in SQLite, against few.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Database from 'better-sqlite3'
import { sqliteStore } from '../../lib/index.ts'
import { interleave, type Way } from '../interleave.ts'
import { resultOf, type Result } from '../result.ts'
import { clientProcess } from './client-process.ts'
import { serveGateway, type ServedGateway } from './servers.ts'

const FEW = 1000
const WIDTH = 4

export async function benchBigStore({ many = 1_000_000, rounds = 9, times = 100 } = {}): Promise<Result[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-bench-'))
  const clients = clientProcess()
  const open = async (devices: number): Promise<ServedGateway> => {
    const file = path.join(folder, `${devices}.db`)
    await fill(file, devices)
    const gateway = await serveGateway(file)
    await clients.run({ kind: 'latchkey', url: gateway.url, times: 4 * WIDTH, width: WIDTH })
    return gateway
  }
  const [few, lots] = [await open(FEW), await open(many)]
  const reconnect = ({ url }: ServedGateway): Way => ({
    name: url,
    run: (count) => clients.run({ kind: 'latchkey', url, times: count, width: WIDTH }),
  })
  const page = ({ store, url }: ServedGateway): Way => ({
    name: url,
    run: async (count) => {
      for (let i = 0; i < count; i += 1)
        await store.transaction((tx) => tx.devices({ after: (i % 10).toString(16).repeat(64), limit: 50 }))
    },
  })
  try {
    const results: Result[] = []
    const cases = [['reconnect', reconnect, times], ['a page of 50 devices', page, times * 3]] as const // prettier-ignore
    for (const [what, way, count] of cases) {
      const [base, ours] = await interleave([way(few), way(lots)], { rounds, times: count })
      const line = {
        group: 'SQLite',
        what: `${what}, ${many} devices`,
        against: `the same with ${FEW}`,
        aim: 1.5,
      }
      results.push(resultOf(line, base, ours))
    }
    return results
  } finally {
    clients.end()
    await Promise.all([few.close(), lots.close()])
    rmSync(folder, { recursive: true })
  }
}

/** Devices with a grant and a token each, as approvals leave them, by statements of their own: it is a million. */
async function fill(file: string, devices: number): Promise<void> {
  await (await sqliteStore(file)).close()
  const database = new Database(file)
  const each = `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${devices})`
  const values = 'lower(hex(randomblob(32))), hex(randomblob(22)), \'device \' || i, \'linux\', \'bench\', \'bench\', 1, 1'
  database.exec(`
    begin;
    ${each} insert into devices (id, public_key, display_name, platform, client_id, client_mode, created_at_ms,
      last_seen_at_ms) select ${values} from n;
    insert into grants (id, device_id, role, via, scopes, locality_reason, granted_at_ms)
      select id, id, 'operator', 'owner', '["operator.read"]', 'local', 1 from devices;
    insert into tokens (device_id, role, hash, superseded, is_rotation_due, issued_at_ms)
      select id, 'operator', id, '[]', 0, 1 from devices;
    commit;
    pragma wal_checkpoint(truncate)`)
  database.close()
} // prettier-ignore
