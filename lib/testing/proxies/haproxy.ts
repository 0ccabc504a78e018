import { fieldOf, withoutFields, type HeaderField } from '../request-head.ts'
import { hostOf, type PassOn, type ProxiedRequest } from './proxied-request.ts'

/** Writes names in lower case, keeps the order, and adds to the end. */
function haproxy(set: (request: ProxiedRequest) => readonly HeaderField[], forwardFor: 'never' | 'always' | 'if-none'): PassOn { // prettier-ignore
  return (request) => {
    const { head, client } = request
    const fields = head.fields.flatMap(([name, value]): HeaderField[] => {
      const lower = name.toLowerCase()
      if (lower !== 'connection') return [[lower, value]]
      // It takes its own option out and leaves what else is nominated.
      const options = value.split(/, */).filter((option) => !/^(?:close|keep-alive)$/i.test(option))
      return options.length === 0 ? [] : [[lower, options.length === value.split(/, */).length ? value : options.join(',')]] // prettier-ignore
    })
    const own = set(request)
    const isNamed = fieldOf(head, 'x-forwarded-for') !== undefined
    const adds = forwardFor === 'always' || (forwardFor === 'if-none' && !isNamed)
    const rest = withoutFields(fields, own.map(([name]) => name))
    return { ...head, version: '1.1', fields: [...rest, ...own, ...(adds ? [['x-forwarded-for', client] as const] : [])] } // prettier-ignore
  }
}

/** Configurations that were measured with HAProxy 2.6. */
export const HAPROXY = {
  /** `mode http` alone, which says nothing of the client. */
  haproxy: haproxy(() => [], 'never'),
  /** `option forwardfor`, X-Forwarded-Proto and X-Forwarded-Host. */
  'haproxy-forwardfor': haproxy(
    ({ head }) => [
      ['x-forwarded-proto', 'http'],
      ['x-forwarded-host', hostOf(head)],
    ],
    'always',
  ),
  /** `option forwardfor if-none`, which believes the client. */
  'haproxy-if-none': haproxy(() => [], 'if-none'),
} as const
