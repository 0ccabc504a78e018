import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** A module that the page may load: its path as the page sees it, and where it is. */
export type ServedModule = { readonly name: string; readonly file: string }

export type Import = {
  readonly specifier: string
  /** Loaded only when it is asked for. */
  readonly isDynamic: boolean
}

const STATIC = /^(?:import|export)\s+(?:[^'";]*?\sfrom\s+)?["']([^"']+)["']/gm
const DYNAMIC = /\bimport\(["']([^"']+)["']\)/g
/** Examples in them import things, too. */
const COMMENT = /^[ \t]*\/\*\*[\s\S]*?\*\//gm
const PACKAGE = /^(?:@[\w.-]+\/)?[\w-][\w.-]*/

export function importsOf(commented: string): Import[] {
  const code = commented.replaceAll(COMMENT, '')
  const found = (pattern: RegExp, isDynamic: boolean): Import[] =>
    [...code.matchAll(pattern)].map(([, specifier = '']) => ({ specifier, isDynamic }))
  return [...found(STATIC, false), ...found(DYNAMIC, true)]
}

/**
 * What an import of a module means. A page finds no bare name without an import map, which the policy refuses
 * inline and browsers load from nowhere else: so packages are served beside the page, each in a folder of its own.
 *
 * @throws {Error} for what a page cannot load
 */
export function moduleNamed(specifier: string, from: ServedModule): ServedModule {
  const refused = new Error(`${from.name} imports ${specifier}, which a page cannot load`)
  const found = specifier.startsWith('.') ? beside(specifier, from) : inPackage(specifier)
  if (found === null || !/\.m?js$/.test(found.name)) throw refused
  return found
}

/** Nothing outside of what was built, or of the folder of its own package. */
function beside(specifier: string, from: ServedModule): ServedModule | null {
  const name = path.posix.join(path.posix.dirname(from.name), specifier)
  const [folder = ''] = /^packages\/(?:@[^/]+\/)?[^/]+\//.exec(from.name) ?? []
  if (name.startsWith('.') || !name.startsWith(folder)) return null
  return { name, file: path.resolve(path.dirname(from.file), specifier) }
}

function inPackage(specifier: string): ServedModule | null {
  const [owner] = PACKAGE.exec(specifier) ?? []
  if (owner === undefined || specifier.includes(':')) return null
  const file = fileURLToPath(import.meta.resolve(specifier))
  return { name: `packages/${owner}/${path.basename(file)}`, file }
}

/** The code with its bare names put right for where the page finds them. */
export function withServedNames(
  code: string,
  name: string,
  imports: readonly (Import & ServedModule)[],
): string {
  const bare = imports.filter(({ specifier }) => !specifier.startsWith('.'))
  const served = new Map(
    bare.map((found) => [found.specifier, path.posix.relative(path.posix.dirname(name), found.name)]),
  )
  const rename = (statement: string, specifier: string): string => {
    const target = served.get(specifier)
    return target === undefined
      ? statement
      : statement.replace(/["'][^"']+["'](\)?)$/, `'${target.startsWith('.') ? target : `./${target}`}'$1`)
  }
  return code.replaceAll(STATIC, rename).replaceAll(DYNAMIC, rename)
}
