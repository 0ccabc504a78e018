import { describeWaiting } from './requests.ts'
import { nameAndKey } from './find-device.ts'
import type { PairingList } from './owner-records.ts'
import { duration, fingerprint, printable, printableJson } from './printable.ts'
import { terminalOf } from './terminal.ts'

export type WatchPrinter = {
  connected(): void
  disconnected(why: string, againInMs: number): void
  event(name: string, payload: unknown): void
  pending(list: PairingList): void
}

/** Writes for people, or (`isJson`) an object per line for programs. */
export function watchPrinter(isJson: boolean): WatchPrinter {
  return isJson ? jsonPrinter() : textPrinter()
}

function jsonPrinter(): WatchPrinter {
  const line = (type: string, fields: object): void => {
    console.log(printableJson({ type, ts: Date.now(), ...fields }, 0))
  }
  return {
    connected: () => line('connected', {}),
    disconnected: (why, againInMs) => line('disconnected', { why, againInMs }),
    event: (event, payload) => line('event', { event, payload }),
    pending: ({ pending }) => line('pending', { pending }),
  }
}

function textPrinter(): WatchPrinter {
  const { paint } = terminalOf()
  const line = (text: string): void => {
    console.log(`${paint('faint', new Date().toLocaleTimeString('en-GB'))}  ${text}`)
  }
  return {
    connected: () => line('connected'),
    disconnected: (why, againInMs) =>
      line(`connection lost (${printable(why)}); again in ${duration(againInMs)}`),
    event: (name, payload) => line(paint('strong', eventWords(name, payload))),
    pending: (list) => console.log(`\n${describeWaiting(list)}\n`),
  }
}

type Told = {
  readonly requestId?: unknown
  readonly deviceId?: unknown
  readonly displayName?: unknown
  readonly decision?: unknown
  readonly remoteIp?: unknown
}

function eventWords(name: string, payload: unknown): string {
  const told: Told = typeof payload === 'object' && payload !== null ? payload : {}
  const deviceId = typeof told.deviceId === 'string' ? told.deviceId : ''
  if (name === 'device.pair.requested') {
    const from = typeof told.remoteIp === 'string' ? told.remoteIp : 'an unknown address'
    const displayName = typeof told.displayName === 'string' ? told.displayName : null
    return `${nameAndKey({ deviceId, displayName })} from ${printable(from)} waits for your approval`
  }
  if (name === 'device.pair.resolved') {
    return `request ${printable(String(told.requestId))} of key ${fingerprint(deviceId)}: ${printable(String(told.decision))}`
  }
  return printable(name)
}
