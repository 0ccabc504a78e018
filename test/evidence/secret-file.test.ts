import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  configuredSecretFile,
  createSecretFile,
  ensurePrivateFolder,
  readSecret,
  readSecretById,
} from '../../lib/evidence/index.ts'

let base: string
beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), 'latchkey-secret-'))
})
afterEach(() => {
  rmSync(base, { recursive: true, force: true })
})

describe('a secret of one run', () => {
  test('is a new file of mode 0600 in a folder of mode 0700, and goes with the run', () => {
    const folder = path.join(base, 'a', 'run')
    const first = createSecretFile(folder)
    const second = createSecretFile(folder)
    expect(first.secret.equals(second.secret)).toBe(false)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(statSync(first.file).mode & 0o777).toBe(0o600)
    expect(readSecretById(folder, first.id ?? '')?.equals(first.secret)).toBe(true)
    first.remove()
    first.remove()
    expect(existsSync(first.file)).toBe(false)
    expect(readSecretById(folder, first.id ?? '')).toBeNull()
    expect(readSecretById(folder, second.id ?? '')?.equals(second.secret)).toBe(true)
  })

  test('of a gateway that was killed is swept away by the next, that of a live one is not', () => {
    const script = `import { createSecretFile } from ${JSON.stringify(path.resolve('lib/evidence/index.ts'))}
      console.log(createSecretFile(process.argv[1]).file); process.kill(process.pid, 'SIGKILL')`
    const child = spawnSync(
      process.execPath,
      ['--no-warnings', '--input-type=module', '--eval', script, base],
      { encoding: 'utf8' },
    )
    const dead = child.stdout.trim()
    expect(existsSync(dead)).toBe(true)
    const mine = createSecretFile(base)
    const next = createSecretFile(base)
    expect([existsSync(dead), existsSync(mine.file), existsSync(next.file)]).toEqual([false, true, true])
  })

  test.each(['', '..', '../x', 'a/b', 'A'.repeat(36), '\u0000'])(
    'is not looked for under the id %j',
    (id) => {
      writeFileSync(path.join(base, 'x.secret'), '{}')
      expect(readSecretById(base, id)).toBeNull()
    },
  )
})

describe('a configured secret', () => {
  test('is made once, and stays', () => {
    const file = path.join(base, 'secret')
    const first = configuredSecretFile(file)
    first.remove()
    expect(configuredSecretFile(file).secret.equals(first.secret)).toBe(true)
    expect(first.id).toBeNull()
  })

  test.each<[string, (file: string) => void, RegExp]>([
    [
      'a link',
      (file) => {
        writeFileSync(`${file}.x`, '{}', { mode: 0o600 })
        symlinkSync(`${file}.x`, file)
      },
      /cannot be opened/,
    ],
    [
      'a file with another name',
      (file) => {
        createSecretFile(base)
        configuredSecretFile(`${file}.x`)
        linkSync(`${file}.x`, file)
      },
      /one name/,
    ],
    [
      'a file that others may read',
      (file) => {
        configuredSecretFile(file)
        chmodSync(file, 0o640)
      },
      /chmod 600/,
    ],
    [
      'something else',
      (file) => {
        writeFileSync(file, 'hello', { mode: 0o600 })
      },
      /does not hold a secret/,
    ],
    [
      'a short secret',
      (file) => {
        writeFileSync(file, '{"secret":"abc"}', { mode: 0o600 })
      },
      /does not hold a secret/,
    ],
    [
      'a long file',
      (file) => {
        writeFileSync(file, ' '.repeat(5000), { mode: 0o600 })
      },
      /too long/,
    ],
    [
      'a folder',
      (file) => {
        mkdirSync(file)
      },
      /plain file/,
    ],
  ])('that is %s is refused', (_title, make, message) => {
    const file = path.join(base, 'secret')
    make(file)
    expect(() => configuredSecretFile(file)).toThrow(message)
    expect(() => readSecret(file)).toThrow(expect.objectContaining({ code: 'SECRET_UNSAFE' }))
  })
})

describe('a folder is refused that', () => {
  test.each<[string, (folder: string) => string, RegExp]>([
    [
      'others may enter',
      (folder) => {
        mkdirSync(folder)
        chmodSync(folder, 0o750)
        return folder
      },
      /chmod 700/,
    ],
    [
      'is a link',
      (folder) => {
        mkdirSync(`${folder}.x`, { mode: 0o700 })
        symlinkSync(`${folder}.x`, folder)
        return folder
      },
      /symbolic link/,
    ],
    [
      'is a file',
      (folder) => {
        writeFileSync(folder, '')
        return folder
      },
      /cannot be created|not a folder/,
    ],
    [
      'others may rename',
      (folder) => {
        mkdirSync(folder)
        chmodSync(folder, 0o777)
        return path.join(folder, 'run')
      },
      /others may rename it/,
    ],
  ])('%s', (_title, make, message) => {
    const folder = make(path.join(base, 'f'))
    expect(() => ensurePrivateFolder(folder)).toThrow(message)
    expect(() => createSecretFile(folder)).toThrow(expect.objectContaining({ code: 'FOLDER_UNSAFE' }))
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true)
      expect(readdirSync(folder)).toEqual([])
  })
})
