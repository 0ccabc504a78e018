import { LatchkeyError } from '../errors.ts'
import { fingerprint, printable } from './printable.ts'

type Named = { readonly deviceId: string; readonly displayName?: string | null }

/**
 * The one device whose id begins with these hex digits, eight at least; blanks are left out, so that a
 * fingerprint is taken as it is printed. Names are not taken: anybody can choose one.
 *
 * @param what what kind of device was looked for
 * @throws {LatchkeyError} INVALID_REQUEST, NOT_FOUND
 */
export function findDevice<T extends Named>(devices: readonly T[], given: string, what = 'paired'): T {
  const prefix = given.replaceAll(/[\s:]/g, '').toLowerCase()
  if (!/^[0-9a-f]{8,64}$/.test(prefix)) {
    const message = `${JSON.stringify(printable(given))} names no device: expected its key as \`latchkey devices\` prints it, at least 8 hex digits. Names are not taken: anybody can choose one.`
    throw new LatchkeyError('INVALID_REQUEST', message)
  }
  const found = devices.filter((device) => device.deviceId.startsWith(prefix))
  const [only] = found
  if (only === undefined)
    throw new LatchkeyError('NOT_FOUND', `no ${what} device has a key that begins with ${prefix}`)
  if (found.length === 1) return only
  const list = found.map((device) => `  ${printable(device.deviceId)}  ${quoted(device.displayName)}`)
  throw new LatchkeyError(
    'INVALID_REQUEST',
    `${prefix} fits ${found.length} devices; say more of the key:\n${list.join('\n')}`,
    {
      details: { code: 'AMBIGUOUS', deviceIds: found.map((device) => device.deviceId) },
    },
  )
}

/** A device as it is spoken of: never its name without its key. */
export function nameAndKey(device: Named): string {
  return `${quoted(device.displayName)}, key ${fingerprint(device.deviceId)}`
}

function quoted(name: string | null | undefined): string {
  return name === undefined || name === null ? 'no name' : `"${printable(name)}"`
}
