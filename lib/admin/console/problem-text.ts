import { adviceOf, LatchkeyError } from '../../client/browser/index.ts'
import { listed } from './names-in-text.ts'

/** An error in a sentence or two, with what to do about it. */
export function problemText(error: unknown): string {
  if (!(error instanceof LatchkeyError)) return 'Something went wrong in this page. Reload it and try again.'
  const { code, message, details = {} } = error
  if (code === 'REQUEST_SUPERSEDED') return supersededText(details)
  if (details.code === 'REQUEST_SETTLED')
    return `Somebody else was faster: this request was ${String(details.state)} already.`
  if (details.code === 'NOT_FOUND') return 'It is not there any more: it was decided, removed or has expired.'
  const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1)}`
  const ended = /[.!?]$/.test(sentence) ? sentence : `${sentence}.`
  return [ended, ...adviceOf(error)].join(' ')
}

function supersededText({ addedRoles, addedScopes }: Readonly<Record<string, unknown>>): string {
  const added = [addedRoles, addedScopes].flatMap((names) => (Array.isArray(names) ? names.map(String) : []))
  const what = added.length === 0 ? 'something else' : `${listed(added)} too`
  return `Nothing was approved: the device now asks for ${what}. Look at its new request.`
}
