import { explainRequest, recipesOf, type LocalityVerdict } from '../../gateway/explain.ts'
import { callAsOwner, print, type CommonOptions } from '../cli-context.ts'
import { printable } from '../printable.ts'
import { terminalOf } from '../terminal.ts'
import { describeVerdict } from './describe-verdict.ts'
import { readRecordFile } from './read-record-file.ts'
import { readVerdict } from './read-verdict.ts'
import { recordOfFlags, type RequestFlags } from './record-of-flags.ts'

export type PolicyFlags = {
  readonly trustProxy?: string
  readonly forwardedBy?: string
  readonly allowedOrigin?: readonly string[]
  readonly ownHost?: readonly string[]
  readonly dangerouslyTrustHeaders?: boolean
}

export type ExplainOptions = CommonOptions &
  RequestFlags &
  PolicyFlags & { readonly file?: string; readonly line?: number; readonly connection?: string }

/** Prints the verdict on a live connection, a recorded request, or one made of flags. */
export async function explain(options: ExplainOptions): Promise<void> {
  const { connection } = options
  const verdict = connection === undefined ? offline(options) : await ofConnection(options, connection)
  print(options, verdict, () => describeVerdict(verdict, recipesOf(verdict), terminalOf()))
}

function offline(options: ExplainOptions): LocalityVerdict {
  const { file, line } = options
  const record = file === undefined ? recordOfFlags(options) : readRecordFile(file, line)
  const { verdict, ignored } = explainRequest(policyOfFlags(options), record)
  if (ignored.length > 0) {
    const names = ignored.slice(0, 10).map(printable).join(', ').slice(0, 200)
    console.error(`Not read, because it says nothing about locality: ${names}`)
  }
  if (verdict.trace.some((entry) => entry.saw === 'nobody asked the kernel')) {
    console.error(
      'Nothing is known of the kernel here; --kernel same-user shows what follows for a tool of yours.',
    )
  }
  return verdict
}

function policyOfFlags(flags: PolicyFlags): object {
  const { trustProxy, forwardedBy, allowedOrigin, ownHost, dangerouslyTrustHeaders } = flags
  const options = { trustProxy, forwardedBy, allowedOrigins: allowedOrigin, hosts: ownHost, dangerouslyTrustHeaders }
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
} // prettier-ignore

async function ofConnection(options: ExplainOptions, connId: string): Promise<LocalityVerdict> {
  return readVerdict(await callAsOwner(options, 'locality.explain', { connId }))
}
