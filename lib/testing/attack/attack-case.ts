import type { SimulatedConnection } from '../../evidence/simulated-connection.ts'
import type { HeaderField } from '../request-head.ts'

/** A request that must not be taken for one of a local client. `{path}` and `{port}` stand for the app's own. */
export type AttackCase = {
  readonly id: string
  /** What it is, in a few words. */
  readonly name: string
  /** Who truly sends it: somebody elsewhere, or a page of another site in a browser on this machine. */
  readonly by: 'remote' | 'page'
  readonly connection: SimulatedConnection
  readonly version: string
  readonly target: string
  readonly fields: readonly HeaderField[]
  /** An innocent request that the same connection carries first. Only over HTTP. */
  readonly before?: readonly HeaderField[]
  /** Sent as it is, in place of what the rest makes. Only over HTTP. */
  readonly raw?: string
}

/** The fields of an upgrade; they are left out where a case brings its own. */
const UPGRADE_FIELDS: readonly HeaderField[] = [
  ['Connection', 'Upgrade'],
  ['Upgrade', 'websocket'],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Key', 'bGF0Y2hrZXktYXR0YWNrIQ=='],
]

const UPGRADE_NAMES = ['connection', 'upgrade', 'sec-websocket-version', 'sec-websocket-key', 'sec-websocket-extensions'] // prettier-ignore

/** The fields of a case, as a plain request. A `Connection` that nominates something stays. */
export function plainFields(fields: readonly HeaderField[]): HeaderField[] {
  return fields.flatMap(([name, value]): HeaderField[] => {
    const lower = name.toLowerCase()
    if (lower === 'connection') return [[name, value.replace(/\bupgrade\b/i, 'close')]]
    return UPGRADE_NAMES.includes(lower) ? [] : [[name, value]]
  })
}

/** ... and as an upgrade. */
export function upgradeFields(fields: readonly HeaderField[]): HeaderField[] {
  const rest = fields.flatMap(([name, value]): HeaderField[] => {
    const lower = name.toLowerCase()
    if (lower !== 'connection') return UPGRADE_NAMES.includes(lower) ? [] : [[name, value]]
    const options = value.split(',').map((option) => option.trim())
    const nominated = options.filter((option) => !/^(?:close|keep-alive|upgrade)$/i.test(option))
    return nominated.length === 0 ? [] : [[name, nominated.join(', ')]]
  })
  return [...UPGRADE_FIELDS, ...rest]
}
