import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

export const ROOT = path.resolve(import.meta.dirname, '../..')

export type Manifest = {
  readonly [field: string]: unknown
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
  readonly bin: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

export type PackedPackage = {
  readonly tarball: string
  readonly bytes: number
  /** Where it was unpacked. */
  readonly folder: string
  /** Its files, relative to that. */
  readonly files: readonly string[]
  readonly manifest: Manifest
  readonly remove: () => void
}

/** What `npm publish` would send, made from the dist/ that is there and unpacked into a temporary folder. */
export function packPackage(): PackedPackage {
  const scratch = mkdtempSync(path.join(tmpdir(), 'latchkey-packed-'))
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', scratch], {
    cwd: ROOT,
    stdio: 'pipe',
  })
  const [name = ''] = readdirSync(scratch)
  const tarball = path.join(scratch, name)
  execFileSync('tar', ['-xzf', tarball, '-C', scratch])
  const folder = path.join(scratch, 'package')
  return {
    tarball,
    bytes: statSync(tarball).size,
    folder,
    files: readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => statSync(path.join(folder, file)).isFile())
      .map((file) => file.replaceAll(path.sep, '/')),
    manifest: JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest,
    remove: () => rmSync(scratch, { recursive: true, force: true }),
  }
}
