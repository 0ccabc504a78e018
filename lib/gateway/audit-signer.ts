import path from 'node:path'
import { LatchkeyError } from '../errors.ts'
import { defaultAuditKeyFile, openAuditKey, type AuditKey } from '../evidence/index.ts'
import type { AuditProblemKind, AuditSigner } from '../pairing/index.ts'
import { keepHeads } from './keep-heads.ts'
import type { Logger } from './logger.ts'

/** `false`: the end of the audit log stays unsigned. `{ file }`: a key of your choice. */
export type AuditKeyOption =
  | false
  | {
      /** Its path, in a private folder. */
      readonly file: string
    }

/** The signer, and what it keeps outside of the store. */
export type GatewayAuditSigner = AuditSigner & {
  /** Writes what is still to be remembered. */
  close(): Promise<void>
}

/**
 * @param option `undefined`: the user's key, which is made when there is none
 * @param isVolatile the store ends with the process: without a key of its own its log is not signed
 * @throws {LatchkeyError} FOLDER_UNSAFE, SECRET_UNSAFE when a file was configured; without one the gateway goes
 *   on, warns, and leaves the end of the log unsigned
 */
export function openAuditSigner(
  option: AuditKeyOption | undefined,
  isVolatile: boolean,
  logger: Logger,
): GatewayAuditSigner | null {
  if (option === false || (option === undefined && isVolatile)) return null
  const file = option?.file ?? defaultAuditKeyFile()
  const key = openKey(file, option !== undefined, logger)
  if (key === null) return null
  const memory = keepHeads(path.dirname(file), logger)
  const told = new Set<AuditProblemKind>()
  return {
    ...key,
    memory,
    onDoubt(doubt) {
      if (told.has(doubt)) return
      told.add(doubt)
      const message =
        'the audit log is not as this gateway left it, so its end is not signed any more: look at ' +
        '`latchkey audit verify`, and when you know why, `latchkey audit accept`'
      logger.error(message, { doubt })
    },
    close: () => memory.close(),
  }
}

function openKey(file: string, isConfigured: boolean, logger: Logger): AuditKey | null {
  try {
    return openAuditKey(file)
  } catch (error) {
    if (isConfigured || !(error instanceof LatchkeyError)) throw error
    logger.warn('no audit key: the end of the audit log is not signed', { why: error.message })
    return null
  }
}
