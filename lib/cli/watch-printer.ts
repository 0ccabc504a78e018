import { describeWaiting } from './requests.ts'
import { nameAndKey } from './find-device.ts'
import type { PairingList } from './owner-records.ts'
import { fingerprint, printable, printableJson } from './printable.ts'
import { terminalOf } from './terminal.ts'

export type WatchPrinter = {
  connected(): void
  disconnected(): void
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
    disconnected: () => line('disconnected', {}),
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
    disconnected: () => line('connection lost; it is tried again'),
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
  readonly role?: unknown
  readonly scopes?: unknown
  readonly via?: unknown
  readonly reason?: unknown
  readonly what?: unknown
  readonly devices?: unknown
  readonly more?: unknown
  readonly taint?: unknown
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
  return grantWords(name, told, deviceId) ?? otherWords(name, told, deviceId)
}

function grantWords(name: string, told: Told, deviceId: string): string | null {
  const text = (value: unknown): string => printable(String(value))
  if (name === 'device.pair.granted') {
    const displayName = typeof told.displayName === 'string' ? told.displayName : null
    const scopes = Array.isArray(told.scopes) ? told.scopes.map(text).join(', ') : ''
    const how = told.via === 'invite' ? 'by an invitation' : 'silently'
    return `${nameAndKey({ deviceId, displayName })} was let in ${how}: ${text(told.role)} ${scopes}`.trim()
  }
  if (name === 'device.pair.revoked')
    return `key ${fingerprint(deviceId)} lost something: ${text(told.reason)}`
  if (name === 'device.pair.removed') return `key ${fingerprint(deviceId)} was removed`
  return null
}

function otherWords(name: string, told: Told, deviceId: string): string {
  if (name === 'device.pair.changed') {
    const of = deviceId === '' ? '' : ` of key ${fingerprint(deviceId)}`
    return `changed: ${printable(String(told.what))}${of}`
  }
  if (name === 'device.presence' && Array.isArray(told.devices)) {
    const words = told.devices.map((one: { deviceId?: unknown; connected?: unknown }) => {
      const came = one.connected === true ? 'connected' : 'disconnected'
      return `key ${fingerprint(String(one.deviceId))} ${came}`
    })
    return [...words, ...(told.more === 0 ? [] : [`and ${printable(String(told.more))} more`])].join(', ')
  }
  if (name === 'locality.taint') {
    const { why } = (told.taint ?? {}) as { readonly why?: unknown }
    return typeof why !== 'string'
      ? 'the gateway is no longer tainted'
      : `the gateway is tainted: ${printable(why)}`
  }
  return printable(name)
}
