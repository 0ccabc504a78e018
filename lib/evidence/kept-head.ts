import path from 'node:path'
import { readPrivateFile, replacePrivateFile } from './private-file.ts'

const GATEWAY_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Where the latest head of a gateway's audit log is kept; `null` for an id that would lead out of the folder. */
export function keptHeadFile(folder: string, gatewayId: string): string | null {
  return GATEWAY_ID.test(gatewayId) ? path.join(folder, `${gatewayId}.head.json`) : null
}

/**
 * The text of the head; `null` when none is kept.
 *
 * @throws {LatchkeyError} SECRET_UNSAFE
 */
export function readKeptHead(folder: string, gatewayId: string): string | null {
  const file = keptHeadFile(folder, gatewayId)
  return file === null ? null : readPrivateFile(file, 'the remembered head')
}

export async function writeKeptHead(folder: string, gatewayId: string, text: string): Promise<void> {
  const file = keptHeadFile(folder, gatewayId)
  if (file !== null) await replacePrivateFile(file, text)
}
