import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export type ConsoleFile = { readonly type: string; readonly body: Buffer }

/** The page, and every file that it may load, by its path in `dist/`. Nothing else can be asked for. */
export type ConsoleFiles = {
  readonly page: Buffer
  /** Part of every address, so that browsers may keep the files for good. */
  readonly version: string
  readonly files: ReadonlyMap<string, ConsoleFile>
}

const FOLDER = 'admin/console'
const ENTRY = `${FOLDER}/main.js`
const PLAIN: Readonly<Record<string, string>> = {
  [`${FOLDER}/console.css`]: 'text/css; charset=utf-8',
  [`${FOLDER}/icon.svg`]: 'image/svg+xml',
}
const SCRIPT = 'text/javascript; charset=utf-8'
const IMPORT = /^(?:import|export)\s+(?:[^'";]*?\sfrom\s+)?["']([^"']+)["']/gm

/** What was built. The sources, run as they are, serve that too: a browser reads no TypeScript. */
const dist = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../dist/' : '../', import.meta.url))

/**
 * Reads the page, and the modules that its script imports, one after the other.
 *
 * @throws {Error} when it was not built, or a module imports what a page cannot load
 */
export async function readConsoleFiles(): Promise<ConsoleFiles> {
  const files = new Map<string, ConsoleFile>()
  for (const [name, type] of Object.entries(PLAIN)) files.set(name, { type, body: await read(name) })
  const queue = [ENTRY]
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (files.has(name)) continue
    const body = await read(name)
    files.set(name, { type: SCRIPT, body })
    queue.push(...importsOf(name, body.toString('utf8')))
  }
  const version = versionOf(files)
  const html = (await read(`${FOLDER}/console.html`)).toString('utf8')
  return { page: Buffer.from(fill(html, version, [...files.keys()])), version, files }
}

async function read(name: string): Promise<Buffer> {
  return readFile(path.join(dist, name))
}

function importsOf(name: string, code: string): string[] {
  return [...code.matchAll(IMPORT)].map(([, target = '']) => {
    const resolved = path.posix.join(path.posix.dirname(name), target)
    if (target.startsWith('.') && !resolved.startsWith('.') && target.endsWith('.js')) return resolved
    throw new Error(`${name} imports ${target}, which a page cannot load`)
  })
}

function versionOf(files: ReadonlyMap<string, ConsoleFile>): string {
  const hash = createHash('sha256')
  for (const [name, { body }] of [...files].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${name} ${body.length}\n`).update(body)
  return hash.digest('hex').slice(0, 16)
}

/** Names the version, and all modules at once: else a browser finds them import by import. */
function fill(html: string, version: string, names: readonly string[]): string {
  const modules = names
    .filter((name) => name.endsWith('.js') && name !== ENTRY)
    .map((name) => `<link rel="modulepreload" href="console/{version}/${name}" />`)
  return html.replace('<!-- modules -->', modules.join('\n    ')).replaceAll('{version}', version)
}
