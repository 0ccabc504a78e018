import { fieldOf, withoutFields, type HeaderField } from '../request-head.ts'
import { appended, endToEnd, hostOf, isUpgrade, type PassOn } from './proxied-request.ts'

type ApacheOptions = {
  /** `ProxyPreserveHost On` */
  readonly preserveHost: boolean
  /** `ProxyAddHeaders`, on unless it is turned off. */
  readonly addHeaders: boolean
  /** A WebSocket is passed on as one. */
  readonly webSockets: boolean
  /** `RequestHeader set X-Forwarded-Proto` */
  readonly proto?: string
}

/** Keeps the order; a field that is set stays in the place of the client's, a new one goes to the end. */
function apache({ preserveHost, addHeaders, webSockets, proto }: ApacheOptions): PassOn {
  return ({ head, client, upstream }) => {
    const kept = proto === undefined ? head : { ...head, fields: put(head.fields, 'X-Forwarded-Proto', proto) } // prettier-ignore
    let fields = endToEnd(kept)
    if (!preserveHost) fields = put(fields, 'Host', upstream)
    if (addHeaders) {
      const left = { ...head, fields }
      fields = put(fields, 'X-Forwarded-For', appended(left, 'x-forwarded-for', client))
      fields = put(fields, 'X-Forwarded-Host', appended(left, 'x-forwarded-host', hostOf(head)))
      fields = put(fields, 'X-Forwarded-Server', appended(left, 'x-forwarded-server', 'localhost'))
    }
    const connection: HeaderField[] =
      webSockets && isUpgrade(head)
        ? [
            ['Connection', 'Upgrade'],
            ['Upgrade', fieldOf(head, 'upgrade') ?? ''],
          ]
        : [['Connection', 'Keep-Alive']]
    return { ...head, version: '1.1', fields: [...withoutFields(fields, ['connection']), ...connection] }
  }
}

function put(fields: readonly HeaderField[], name: string, value: string): HeaderField[] {
  const at = fields.findIndex(([other]) => other.toLowerCase() === name.toLowerCase())
  return at === -1 ? [...fields, [name, value]] : fields.map((field, n) => (n === at ? [name, value] : field))
}

/** Configurations that were measured with Apache 2.4. */
export const APACHE = {
  /** `ProxyPass` alone; a WebSocket arrives as a plain request. */
  apache: apache({ preserveHost: false, addHeaders: true, webSockets: false }),
  /** `ProxyPreserveHost On`, X-Forwarded-Proto, WebSockets by a rewrite. */
  'apache-recommended': apache({ preserveHost: true, addHeaders: true, webSockets: true, proto: 'http' }),
  /** `ProxyPreserveHost On`, `upgrade=websocket`. */
  'apache-websocket': apache({ preserveHost: true, addHeaders: true, webSockets: true }),
  /** The same with `ProxyAddHeaders Off`, which says nothing of the client. */
  'apache-silent': apache({ preserveHost: true, addHeaders: false, webSockets: true }),
} as const
