import path from 'node:path'
import { connectGateway, loadDeviceIdentity } from '../../client/index.ts'
import { print, type CommonOptions } from '../cli-context.ts'
import { printable } from '../printable.ts'
import { names, type AuditList, type AuditRecord } from './audit-record.ts'
import { describeEntry } from './describe-entry.ts'

export type ListOptions = CommonOptions & {
  readonly limit: number
  readonly after?: number
  readonly device?: string
  readonly kind?: string
}

const PAGE = 200

/** Prints the newest entries, or those after one, oldest first. */
export async function listAudit(options: ListOptions): Promise<void> {
  const connection = await connectGateway({
    url: options.url,
    identity: loadDeviceIdentity(path.join(options.home, 'owner.json')),
    scopes: ['operator.admin'],
    client: { id: 'latchkey-cli', mode: 'cli', displayName: "owner's command line" },
    timeoutMs: Number(options.timeout) * 1000,
  })
  const ask = async (page: object): Promise<AuditList> =>
    (await connection.request('audit.list', page)) as AuditList
  try {
    const { entries, doubt } = await (options.after === undefined
      ? newest(ask, options)
      : following(ask, options, options.after))
    print(options, { entries, doubt }, () => describe(entries, doubt))
  } finally {
    connection.close()
  }
}

type Ask = (page: object) => Promise<AuditList>

async function newest(ask: Ask, options: ListOptions): Promise<AuditList> {
  const { entries, doubt } = await ask({ newest: true, limit: PAGE })
  let found = entries.filter((entry) => isWanted(entry, options))
  let first = entries[0]?.seq ?? 1
  while (found.length < options.limit && first > 1) {
    const older = await backTo(ask, first)
    found = [...older.filter((entry) => isWanted(entry, options)), ...found]
    first = Math.max(1, first - PAGE)
  }
  return { entries: found.slice(-options.limit), doubt }
}

/** The page that ends before entry `first`; a page of long entries is shorter, so it takes more than one. */
async function backTo(ask: Ask, first: number): Promise<AuditRecord[]> {
  const found: AuditRecord[] = []
  let after = Math.max(0, first - 1 - PAGE)
  for (;;) {
    const { entries } = await ask({ after, limit: PAGE })
    found.push(...entries.filter((entry) => entry.seq < first))
    const last = entries.at(-1)?.seq
    if (last === undefined || last >= first - 1) return found
    after = last
  }
}

async function following(ask: Ask, options: ListOptions, from: number): Promise<AuditList> {
  const found: AuditRecord[] = []
  let after = from
  for (;;) {
    const { entries, doubt } = await ask({ after, limit: PAGE })
    found.push(...entries.filter((entry) => isWanted(entry, options)))
    const last = entries.at(-1)?.seq
    if (last === undefined || found.length >= options.limit)
      return { entries: found.slice(0, options.limit), doubt }
    after = last
  }
}

function isWanted(entry: AuditRecord, { device, kind }: ListOptions): boolean {
  return (kind === undefined || entry.kind === kind) && (device === undefined || names(entry, device))
}

function describe(entries: readonly AuditRecord[], doubt: string | null): string {
  const warning = `The log was changed from outside (${printable(doubt ?? '')}): latchkey audit verify`
  const lines = entries.length === 0 ? ['Nothing is recorded that fits.'] : entries.map(describeEntry)
  return [...lines, ...(doubt === null ? [] : ['', warning])].join('\n')
}
