import { isRecord, MAX_PROTOCOL, MIN_PROTOCOL } from '../protocol/frames.ts'
import type { HelloOk } from '../protocol/hello-ok.ts'

/** The payload as hello-ok, when everything that its type promises is there; `null` otherwise. */
export function readHello(payload: unknown): HelloOk | null {
  if (!isRecord(payload) || payload.type !== 'hello-ok') return null
  const { protocol, server, features, snapshot, auth, policy } = payload
  const isWhole =
    Number.isInteger(protocol) &&
    Number(protocol) >= MIN_PROTOCOL &&
    Number(protocol) <= MAX_PROTOCOL &&
    isRecord(server) &&
    typeof server.version === 'string' &&
    typeof server.connId === 'string' &&
    isRecord(features) &&
    areTexts(features.methods) &&
    areTexts(features.events) &&
    isRecord(snapshot) &&
    isRecord(auth) &&
    typeof auth.role === 'string' &&
    areTexts(auth.scopes) &&
    isRecord(policy) &&
    [policy.maxPayload, policy.maxBufferedBytes, policy.tickIntervalMs].every(isPositive)
  return isWhole ? (payload as unknown as HelloOk) : null
}

function areTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && value >= 1
}
