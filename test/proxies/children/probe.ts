// Runs the probes that come in on stdin, several at a time, and writes what came of them to stdout.
import { request, type OutgoingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import {
  connectGateway,
  createDeviceIdentity,
  loadDeviceIdentity,
  readPairingRequired,
} from '../../../lib/client/index.ts'
import { LatchkeyError } from '../../../lib/errors.ts'
import type { LocalityVerdict } from '../../../lib/locality/index.ts'
import type { ConnectResult, Probe, ProbeResult } from '../probes.ts'
import { connectOnTheWire } from './connect-on-the-wire.ts'

// Look-ups that wait at the same time share a snapshot, so many at a time are faster than few.
const AT_A_TIME = 20
const TIMEOUT_MS = 10_000

const probes = JSON.parse(await text(process.stdin)) as Probe[]
const results: ProbeResult[] = []
const rest = probes.values()
await Promise.all(Array.from({ length: AT_A_TIME }, work))
process.stdout.write(JSON.stringify(results))

async function work(): Promise<void> {
  for (const probe of rest) results.push(await run(probe))
}

async function run(probe: Probe): Promise<ProbeResult> {
  const { name } = probe
  try {
    if (probe.kind === 'get') return { name, verdict: await get(probe) }
    return { name, connect: probe.kind === 'connect' ? await connect(probe) : await connectOnTheWire(probe) }
  } catch (error) {
    return { name, failure: String(error) }
  }
}

function get({ host, port, headers = {} }: Probe): Promise<LocalityVerdict> {
  return new Promise((resolve, reject) => {
    const options = {
      host,
      port,
      path: '/verdict',
      agent: false,
      timeout: TIMEOUT_MS,
      headers: headers as OutgoingHttpHeaders,
    }
    const asked = request(options, (response) => {
      text(response)
        .then((body) => {
          if (response.statusCode !== 200) throw new Error(`HTTP ${response.statusCode ?? 0}: ${body}`)
          resolve(JSON.parse(body) as LocalityVerdict)
        })
        .catch(reject)
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')))
    asked.on('error', reject)
    asked.end()
  })
}

async function connect(probe: Probe): Promise<ConnectResult> {
  const { host, port, headers = {}, scopes = ['operator.read'], identityFile, call } = probe
  const identity = identityFile === undefined ? createDeviceIdentity() : loadDeviceIdentity(identityFile)
  const { deviceId } = identity
  try {
    const url = `ws://${host}:${port}/gateway`
    const single = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
    const connection = await connectGateway({
      url,
      identity,
      scopes,
      headers: single,
      timeoutMs: TIMEOUT_MS,
    })
    const answer = call === undefined ? undefined : await connection.request(call.method, call.params)
    connection.close()
    return { isPaired: true, deviceId, ...(answer === undefined ? {} : { answer }) }
  } catch (error) {
    if (!(error instanceof LatchkeyError) || error.code === 'GATEWAY_UNREACHABLE') throw error
    const details = readPairingRequired(error.details)
    if (details === null) throw error
    const { requestId, digest, reason, locality } = details
    return {
      isPaired: false,
      deviceId,
      code: error.code,
      reason,
      localityReason: locality.reason,
      ...(requestId === undefined ? {} : { requestId }),
      ...(digest === undefined ? {} : { digest }),
    }
  }
}
