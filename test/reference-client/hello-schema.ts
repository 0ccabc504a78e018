import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Ajv } from 'ajv'

// The package exports no path to its schema, so it is found beside its entry.
const entry = createRequire(import.meta.url).resolve('@openclaw/gateway-protocol')
const file = path.join(path.dirname(entry), '../protocol.schema.json')
const schema = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly definitions: { readonly HelloOk: object }
}
const validate = new Ajv({ strict: false, allErrors: true }).compile(schema.definitions.HelloOk)

/** Where a hello-ok departs from the published schema; empty when it does not. */
export function helloProblems(hello: unknown): string[] {
  if (validate(hello)) return []
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`)
}
