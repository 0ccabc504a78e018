import { callAsOwner, print, type CommonOptions } from '../cli-context.ts'
import { printable } from '../printable.ts'

/** Has the gateway sign the log again, and says what was wrong with it. */
export async function acceptLog(options: CommonOptions): Promise<void> {
  const result = (await callAsOwner(options, 'audit.accept', {})) as { readonly accepted: string | null }
  print(options, result, () =>
    result.accepted === null
      ? 'Nothing to accept: the gateway signs this log.'
      : `Accepted although it was found ${printable(result.accepted)}. The log says so, and is signed from here on.`,
  )
}
