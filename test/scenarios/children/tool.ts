// A tool that calls a gateway with the built client: one connection per call, each with its own scopes. Then, as
// a sub-session, starts itself anew for `child`. argv: ToolSpec as JSON; stdout: ToolReport as JSON.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { latchkeyClient } from '../built-package.ts'
import type { CallOutcome, ToolCall, ToolReport, ToolSpec } from '../tool-process.ts'

const spec = JSON.parse(process.argv[2] ?? '') as ToolSpec
const identity = latchkeyClient.loadDeviceIdentity(spec.identityFile)

async function call({
  scopes,
  role = 'operator',
  method,
  params,
  headers = {},
}: ToolCall): Promise<CallOutcome> {
  try {
    const at = { url: spec.url, identity, role, scopes, headers, timeoutMs: 60_000 }
    return { ok: true, answer: await latchkeyClient.callGateway({ ...at, method, params }) }
  } catch (error) {
    const { code, message, details } = error as Error & { code?: string; details?: Record<string, unknown> }
    return { ok: false, code: code ?? 'FAILED', message, details: details ?? {} }
  }
}

async function runChild(child: ToolSpec): Promise<ToolReport> {
  const args = ['--experimental-strip-types', '--no-warnings', import.meta.filename, JSON.stringify(child)]
  const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  return JSON.parse(await text(started.stdout)) as ToolReport
}

const outcomes: CallOutcome[] = []
if (spec.isParallel === true) outcomes.push(...(await Promise.all(spec.calls.map(call))))
else for (const one of spec.calls) outcomes.push(await call(one))

// Session id and terminal: fields 6 and 7 of proc(5), counted after the name, which may hold anything.
const [, , , sessionId, terminal] = readFileSync('/proc/self/stat', 'utf8')
  .replace(/^.*\) /s, '')
  .split(' ')
const report: ToolReport = {
  pid: process.pid,
  parentPid: process.ppid,
  sessionId: Number(sessionId),
  hasTerminal: terminal !== '0',
  environment: Object.keys(process.env).sort(),
  deviceId: identity.deviceId,
  outcomes,
  child: spec.child === undefined ? null : await runChild(spec.child),
}
process.stdout.write(JSON.stringify(report))
