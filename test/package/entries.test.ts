import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'

const root = path.resolve(import.meta.dirname, '../..')
const OLD_NODE =
  'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.20.2"}})'
const SENTENCE = 'Latchkey needs Node 22.14 or newer; this is Node 20.20.2.'

function node(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
}

describe('on a Node that is too old', () => {
  test('the command says so in one sentence', () => {
    const result = node('--import', OLD_NODE, 'dist/cli/main.js', 'call', 'health')
    expect(result).toMatchObject({ status: 1, stdout: '', stderr: `${SENTENCE}\n` })
  })

  test.each(['latchkey', 'latchkey/client'])(
    'importing %s fails with that sentence, before the store is loaded',
    (entry) => {
      const code = `import('${entry}').catch((error) => console.log(error.code, error.message))`
      expect(node('--import', OLD_NODE, '--input-type=module', '--eval', code).stdout).toBe(
        `NODE_TOO_OLD ${SENTENCE}\n`,
      )
    },
  )
})

describe('the package', () => {
  test.each([
    [
      'import',
      [
        '--input-type=module',
        '--eval',
        "import * as m from 'latchkey'; console.log(Object.keys(m).sort().join())",
      ],
    ],
    [
      'require',
      [
        '--input-type=commonjs',
        '--eval',
        "console.log(Object.keys(require('latchkey')).filter((k) => k !== '__esModule').sort().join())",
      ],
    ],
  ])('can be loaded with %s', (_how, args) => {
    const result = node('--no-warnings', ...args)
    expect(result.stderr).toBe('')
    expect(result.stdout.trim().split(',')).toEqual(
      expect.arrayContaining([
        'createGateway',
        'decideLocality',
        'localClient',
        'localityPolicy',
        'requireLocalClient',
        'sqliteStore',
      ]),
    )
  })

  test('has an entry for PostgreSQL, whose types name no package', () => {
    const code = "import * as m from 'latchkey/store/postgres'; console.log(Object.keys(m).join())"
    expect(node('--no-warnings', '--input-type=module', '--eval', code)).toMatchObject({
      stdout: 'postgresStore\n',
      stderr: '',
    })
    for (const name of ['index', 'postgres-store', 'postgres-options']) {
      const types = readFileSync(path.join(root, 'dist/store/postgres', `${name}.d.ts`), 'utf8')
      const outside = [...types.matchAll(/from '([^.'][^']*)'/g)].map(([, target]) => target)
      expect(outside).toEqual([])
    }
  })

  test('says what to install where the driver of PostgreSQL is missing', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-without-pg-'))
    try {
      const copy = path.join(folder, 'node_modules', 'latchkey')
      mkdirSync(path.join(folder, 'node_modules'))
      cpSync(path.join(root, 'dist'), path.join(copy, 'dist'), { recursive: true })
      cpSync(path.join(root, 'package.json'), path.join(copy, 'package.json'))
      symlinkSync(path.join(root, 'node_modules', 'kysely'), path.join(folder, 'node_modules', 'kysely'))
      const code =
        "const { postgresStore } = await import('latchkey/store/postgres');" +
        'await postgresStore({}).catch((error) => console.log(error.code, error.message))'
      const found = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
        cwd: folder,
        encoding: 'utf8',
      })
      expect(found.stdout).toMatch(/^DEPENDENCY_MISSING .*npm install pg\n$/)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('installs nothing with a script at run time but what carries its binaries', () => {
    const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { hasInstallScript?: boolean; dev?: boolean }>
    }
    const scripted = Object.entries(lock.packages)
      .filter(([, entry]) => entry.hasInstallScript === true && entry.dev !== true)
      .map(([name]) => name)
    // Its script is a fallback for platforms without a prebuilt binary; it works with --ignore-scripts.
    expect(scripted.filter((name) => name !== 'node_modules/better-sqlite3')).toEqual([])
  })
})
