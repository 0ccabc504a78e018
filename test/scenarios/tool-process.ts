import { spawn } from 'node:child_process'
import path from 'node:path'
import { text } from 'node:stream/consumers'

export type ToolCall = {
  readonly scopes: readonly string[]
  readonly role?: string
  readonly method: string
  readonly params?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type ToolSpec = {
  readonly url: string
  readonly identityFile: string
  readonly calls: readonly ToolCall[]
  /** All at the same time; else one after the other. */
  readonly isParallel?: boolean
  /** What the tool starts after its own calls. */
  readonly child?: ToolSpec
}

export type CallOutcome =
  | { readonly ok: true; readonly answer: unknown }
  | {
      readonly ok: false
      readonly code: string
      readonly message: string
      readonly details: Readonly<Record<string, unknown>>
    }

export type ToolReport = {
  readonly pid: number
  readonly parentPid: number
  readonly sessionId: number
  readonly hasTerminal: boolean
  readonly environment: readonly string[]
  readonly deviceId: string
  readonly outcomes: readonly CallOutcome[]
  readonly child: ToolReport | null
}

export const TOOL = path.join(import.meta.dirname, 'children/tool.ts')

/**
 * Runs `children/tool.ts` to its end.
 *
 * @param prefix what stands before the command, such as that of a second host, or `env -i`
 */
export async function runTool(spec: ToolSpec, prefix: readonly string[] = []): Promise<ToolReport> {
  const flags = ['--experimental-strip-types', '--no-warnings']
  const [program, ...args] = [...prefix, process.execPath, ...flags, TOOL, JSON.stringify(spec)]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env } })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  if (stdout === '') throw new Error(`the tool said nothing: ${stderr}`)
  return JSON.parse(stdout) as ToolReport
}

function readReason({ reason }: Readonly<Record<string, unknown>>): string | null {
  return typeof reason === 'string' ? reason : null
}

/** What came of the calls: `paired`, or the code and reason of the refusal. */
export function summaries(report: ToolReport): string[] {
  return report.outcomes.map((outcome) =>
    outcome.ok ? 'answered' : `${outcome.code} ${readReason(outcome.details) ?? outcome.message}`,
  )
}
