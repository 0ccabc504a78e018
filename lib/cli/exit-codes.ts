import type { LatchkeyErrorCode } from '../errors.ts'

/** What a script can tell from the exit code. Documented in the README and in `latchkey --help`. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  pairingRequired: 3,
  forbidden: 4,
  unreachable: 5,
  superseded: 6,
  /** `latchkey audit verify`: the audit log is not as it was written. */
  tampered: 7,
} as const

const BY_CODE: Partial<Readonly<Record<LatchkeyErrorCode, number>>> = {
  NOT_PAIRED: EXIT.pairingRequired,
  FORBIDDEN: EXIT.forbidden,
  GATEWAY_UNREACHABLE: EXIT.unreachable,
  REQUEST_SUPERSEDED: EXIT.superseded,
}

export function exitCodeOf(code: LatchkeyErrorCode): number {
  return BY_CODE[code] ?? EXIT.failed
}

/** Ends the command with this code; everything was said already. */
export class CliExit extends Error {
  readonly exitCode: number
  constructor(exitCode: number) {
    super(`exit ${exitCode}`)
    this.exitCode = exitCode
  }
}
