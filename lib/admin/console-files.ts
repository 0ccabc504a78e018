import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { importsOf, moduleNamed, withServedNames, type ServedModule } from './console-modules.ts'

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

/** What was built. The sources, run as they are, serve that too: a browser reads no TypeScript. */
const dist = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../dist/' : '../', import.meta.url))

/**
 * Reads the page, and the modules that its script imports, one after the other; those of packages too.
 *
 * @throws {Error} when it was not built, or a module imports what a page cannot load
 */
export async function readConsoleFiles(): Promise<ConsoleFiles> {
  const files = new Map<string, ConsoleFile>()
  for (const [name, type] of Object.entries(PLAIN))
    files.set(name, { type, body: await readFile(path.join(dist, name)) })
  const atOnce: string[] = []
  const queue: (ServedModule & { readonly isLater: boolean })[] = [
    { name: ENTRY, file: path.join(dist, ENTRY), isLater: false },
  ]
  for (let module = queue.shift(); module !== undefined; module = queue.shift()) {
    const { name, file, isLater } = module
    if (files.has(name)) continue
    const code = await readFile(file, 'utf8')
    const imports = importsOf(code).map((found) => ({ ...found, ...moduleNamed(found.specifier, module) }))
    files.set(name, { type: SCRIPT, body: Buffer.from(withServedNames(code, name, imports)) })
    if (!isLater && name !== ENTRY) atOnce.push(name)
    // What is loaded at once is looked at first, so that what is loaded by both counts as that.
    const next = imports.map((found) => ({ ...found, isLater: isLater || found.isDynamic }))
    queue.unshift(...next.filter((found) => !found.isLater))
    queue.push(...next.filter((found) => found.isLater))
  }
  const version = versionOf(files)
  const html = await readFile(path.join(dist, FOLDER, 'console.html'), 'utf8')
  return { page: Buffer.from(fill(html, version, atOnce)), version, files }
}

function versionOf(files: ReadonlyMap<string, ConsoleFile>): string {
  const hash = createHash('sha256')
  for (const [name, { body }] of [...files].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${name} ${body.length}\n`).update(body)
  return hash.digest('hex').slice(0, 16)
}

/** Names the version, and the modules that are loaded at once: else a browser finds them import by import. */
function fill(html: string, version: string, names: readonly string[]): string {
  const modules = names.map((name) => `<link rel="modulepreload" href="console/{version}/${name}" />`)
  return html.replace('<!-- modules -->', modules.join('\n    ')).replaceAll('{version}', version)
}
