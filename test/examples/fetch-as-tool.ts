import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export type ToolRequest = {
  /** `Name: value`. */
  readonly headers?: readonly string[]
  readonly method?: string
  readonly body?: string
}

/** Fetches from a process of its own, as a tool would: the test runner may itself listen, as a relay does. */
export async function fetchAsTool(
  url: string,
  { headers = [], method = 'GET', body }: ToolRequest = {},
): Promise<{ status: number; head: string; body: string }> {
  const script = `const [url, method, body, ...headers] = process.argv.slice(1)
    const init = { method, headers: headers.map((header) => header.split(': ')), ...(body === '' ? {} : { body }) }
    const response = await fetch(url, init)
    const head = [...response.headers].map((pair) => pair.join(': ')).join('\\n')
    console.log(JSON.stringify({ status: response.status, head, body: await response.text() }))`
  const args = ['--input-type=module', '--eval', script, url, method, body ?? '', ...headers]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as { status: number; head: string; body: string }
}
