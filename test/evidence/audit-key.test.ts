import { spawn, spawnSync } from 'node:child_process'
import { createPublicKey, verify } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  keptHeadFile,
  openAuditKey,
  readAuditPublicKey,
  readKeptHead,
  writeKeptHead,
} from '../../lib/evidence/index.ts'

const ID = '0b3b2a56-8a44-4f0e-9a0e-0d6d2a1f4a11'
let base: string
let file: string
beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), 'latchkey-audit-key-'))
  file = path.join(base, 'audit', 'key.json')
})
afterEach(() => {
  rmSync(base, { recursive: true, force: true })
})

describe('the audit key', () => {
  test('is made once, of mode 0600 in a folder of mode 0700, and signs', () => {
    expect(readAuditPublicKey(file)).toBeNull()
    const key = openAuditKey(file)
    expect(openAuditKey(file).publicKey).toBe(key.publicKey)
    expect(readAuditPublicKey(file)).toBe(key.publicKey)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700)
    expect(readdirSync(path.dirname(file))).toEqual(['key.json'])
    const publicKey = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: key.publicKey },
      format: 'jwk',
    })
    const signature = Buffer.from(key.sign('text'), 'base64url')
    expect(verify(null, Buffer.from('text'), publicKey, signature)).toBe(true)
  })

  test('of eight processes that make it at the same time is the same', async () => {
    const script = `import { openAuditKey } from ${JSON.stringify(path.resolve('lib/evidence/index.ts'))}
      console.log(openAuditKey(process.argv[1]).publicKey)`
    const flags = ['--no-warnings', '--experimental-strip-types', '--input-type=module', '--eval', script]
    const keys = await Promise.all(
      Array.from({ length: 8 }, () => {
        const child = spawn(process.execPath, [...flags, file], { stdio: ['ignore', 'pipe', 'inherit'] })
        let out = ''
        child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')))
        return new Promise<string>((resolve) => child.once('close', () => resolve(out.trim())))
      }),
    )
    expect(keys).toEqual(keys.map(() => readAuditPublicKey(file)))
    expect(readdirSync(path.dirname(file))).toEqual(['key.json'])
  })

  test.each<[string, () => void, string, RegExp]>([
    ['a link to it', () => symlinkSync(path.join(base, 'real.json'), file), 'SECRET_UNSAFE', /cannot be opened/],
    ['a second name', () => linkSync(path.join(base, 'real.json'), file), 'SECRET_UNSAFE', /not one name but 2/],
    ['an open mode', () => writeFileSync(file, '{}', { mode: 0o644 }), 'SECRET_UNSAFE', /chmod 600/],
    ['other content', () => writeFileSync(file, '{"version":1}', { mode: 0o600 }), 'SECRET_UNSAFE', /does not hold one/],
    ['a folder', () => mkdirSync(file), 'SECRET_UNSAFE', /not a plain file/],
    ['a pipe', () => void spawnSync('mkfifo', ['-m', '600', file]), 'SECRET_UNSAFE', /not a plain file/],
    ['a long file', () => writeFileSync(file, 'x'.repeat(5000), { mode: 0o600 }), 'SECRET_UNSAFE', /too long/],
    ['a folder that others may enter', () => chmodSync(path.dirname(file), 0o755), 'FOLDER_UNSAFE', /chmod 700/],
  ])('is refused: %s', (_title, spoil, code, message) => {
    mkdirSync(path.dirname(file), { mode: 0o700 })
    writeFileSync(path.join(base, 'real.json'), '{}', { mode: 0o600 })
    spoil()
    const call = (): unknown => openAuditKey(file)
    expect(call).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) as unknown }))
  }) // prettier-ignore

  const asRoot = process.geteuid?.() === 0 ? test : test.skip
  asRoot('is refused when it belongs to somebody else', () => {
    openAuditKey(file)
    chownSync(file, 65534, 65534)
    expect(() => openAuditKey(file)).toThrow(/belongs to user id 65534/)
  })
})

describe('the remembered head', () => {
  test('is replaced in one step, of mode 0600, and only for the id of a gateway', async () => {
    expect(readKeptHead(base, ID)).toBeNull()
    await writeKeptHead(base, ID, 'one')
    await writeKeptHead(base, ID, 'two')
    expect(readKeptHead(base, ID)).toBe('two')
    expect(readdirSync(base)).toEqual([`${ID}.head.json`])
    expect(statSync(path.join(base, `${ID}.head.json`)).mode & 0o777).toBe(0o600)
    for (const id of ['', '..', `../${ID}`, `${ID}/x`, ID.toUpperCase()]) {
      expect(keptHeadFile(base, id)).toBeNull()
      await writeKeptHead(base, id, 'x')
      expect(readKeptHead(base, id)).toBeNull()
    }
    expect(readFileSync(path.join(base, `${ID}.head.json`), 'utf8')).toBe('two')
  })

  test('that cannot be written leaves nothing behind', async () => {
    const target = path.join(base, `${ID}.head.json`)
    mkdirSync(target)
    await expect(writeKeptHead(base, ID, 'x')).rejects.toThrow()
    expect(readdirSync(base)).toEqual([`${ID}.head.json`])
  })
})
