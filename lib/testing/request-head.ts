/** The head of an HTTP/1 request, field by field as it stands on the wire. */
export type RequestHead = {
  readonly method: string
  readonly target: string
  /** `1.0` or `1.1` */
  readonly version: string
  readonly fields: readonly HeaderField[]
}

export type HeaderField = readonly [name: string, value: string]

const REQUEST_LINE = /^(\S+) (\S+) HTTP\/(\d\.\d)$/

/** Reads what an ordinary client has sent, without its last empty line; `null` for what is no request. */
export function parseHead(text: string): RequestHead | null {
  const [first = '', ...lines] = text.split('\r\n')
  const [, method, target, version] = REQUEST_LINE.exec(first) ?? []
  if (method === undefined || target === undefined || version === undefined) return null
  const fields = lines
    .filter((line) => line.includes(':'))
    .map((line): HeaderField => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trim()]
    })
  return { method, target, version, fields }
}

/** As it goes onto the wire, with the empty line that ends it. Nothing is checked: attacks are written with it. */
export function formatHead({ method, target, version, fields }: RequestHead): string {
  const lines = fields.map(([name, value]) => `${name}: ${value}`)
  return [`${method} ${target} HTTP/${version}`, ...lines, '', ''].join('\r\n')
}

/** The value of a field, whatever the case of its name. */
export function fieldOf(head: RequestHead, name: string): string | undefined {
  return head.fields.find(([other]) => other.toLowerCase() === name)?.[1]
}

/** Without the fields of these lower-case names. */
export function withoutFields(fields: readonly HeaderField[], names: readonly string[]): HeaderField[] {
  return fields.filter(([name]) => !names.includes(name.toLowerCase()))
}
