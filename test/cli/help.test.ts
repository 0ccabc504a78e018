import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, jest, test } from '@jest/globals'
import { runCli, scratchFolder } from './cli-process.ts'

// Each starts several processes, one after the other.
jest.setTimeout(120_000)

const COMMANDS = [
  ...['init', 'serve', 'open', 'doctor', 'explain', 'audit'],
  ...['requests', 'watch', 'approve', 'reject', 'ignore', 'unignore'],
  ...[
    'devices',
    'show',
    'rename',
    'rotate',
    'revoke',
    'undo-silent',
    'invite',
    'invites',
    'uninvite',
    'join',
  ],
  ...['call', 'backup', 'restore', 'completion'],
]

test('the help has every command under a heading, the exit codes, and fits 80 columns', async () => {
  // The folder stands in the help as the default of --home; a long one is nobody's fault.
  const { stdout, code } = await runCli(['--help'], { LATCHKEY_HOME: '/home/me/.latchkey' })
  expect(code).toBe(0)
  for (const heading of [
    'Gateway:',
    'Who waits:',
    'Who is paired:',
    'Invitations:',
    'Tools:',
    'Exit codes:',
    'Examples:',
  ])
    expect(stdout).toContain(heading)
  for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'))
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
})

test('every command has an example and takes --json', async () => {
  for (const name of COMMANDS.filter((each) => each !== 'call')) {
    const { stdout, code } = await runCli([name, '--help'])
    expect([name, code, stdout]).toEqual([name, 0, expect.stringMatching(/Examples?:\n {2}/)])
    expect(stdout).toContain('--json')
  }
})

function completed(script: string, words: readonly string[]): string[] {
  const program = `source '${script}'; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _latchkey; printf '%s\\n' "\${COMPREPLY[@]}"`
  return spawnSync('bash', ['--norc', '-c', program], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((word) => word !== '')
}

test('bash completes commands, and the options of the one that was said', async () => {
  const scratch = scratchFolder()
  const script = path.join(scratch.path, 'latchkey.bash')
  writeFileSync(script, (await runCli(['completion', 'bash'])).stdout)
  expect(completed(script, ['latchkey', 're'])).toEqual(
    ['requests', 'reject', 'rename', 'revoke', 'restore']
      .sort((a, b) => COMMANDS.indexOf(a) - COMMANDS.indexOf(b))
      .filter(Boolean),
  )
  expect(completed(script, ['latchkey', 'approve', '--with'])).toEqual(['--without-code'])
  expect(completed(script, ['latchkey', '--json', 'undo-silent', '5', '--s'])).toEqual(['--since'])
  expect(completed(script, ['latchkey', 'inv'])).toEqual(['invite', 'invites'])
  scratch.remove()
})

test.each(['zsh', 'fish'])('%s gets every command with its description, in quotes', async (shell) => {
  const { stdout, code } = await runCli(['completion', shell])
  expect(code).toBe(0)
  for (const name of COMMANDS) expect(stdout).toContain(name)
  expect(stdout).toContain(`open the owner'\\''s console`)
})

const hasShell = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0
/** With CI=true everything has to run. */
const inShell = (shell: string) => (hasShell(shell) || process.env.CI === 'true' ? test : test.skip)

inShell('fish')(
  'the real fish completes commands, those below them, and options',
  async () => {
    const scratch = scratchFolder()
    const script = path.join(scratch.path, 'latchkey.fish')
    writeFileSync(script, (await runCli(['completion', 'fish'])).stdout)
    const complete = (typed: string): string[] =>
      spawnSync('fish', ['--no-config', '-c', `source ${script}; complete -C '${typed}'`], {
        encoding: 'utf8',
        env: { ...process.env, HOME: scratch.path },
      })
        .stdout.split('\n')
        .filter((line) => line !== '')
    expect(complete('latchkey wa')).toEqual(['watch\tshow requests and decisions as they come'])
    expect(complete('latchkey audit ').map((line) => line.split('\t')[0])).toEqual([
      'accept',
      'head',
      'verify',
    ])
    expect(complete('latchkey approve --with')).toEqual([
      '--without-code\tapprove although the device shows no code',
    ])
    scratch.remove()
  },
  60_000,
)

inShell('zsh')(
  'the real zsh completes commands, those below them, and options, at its prompt',
  async () => {
    const scratch = scratchFolder()
    writeFileSync(path.join(scratch.path, '_latchkey'), (await runCli(['completion', 'zsh'])).stdout)
    const child = path.resolve(import.meta.dirname, 'children/complete.zsh')
    const complete = (typed: string, expected: string): string =>
      spawnSync('zsh', ['-f', child, scratch.path, typed, expected], {
        encoding: 'utf8',
        timeout: 50_000,
        env: { ...process.env, HOME: scratch.path, TERM: 'xterm' },
      }).stdout
    expect(complete('latchkey wa', 'watch')).toContain('watch')
    expect(complete('latchkey audit ', 'look whether')).toMatch(/accept.*head.*verify/s)
    expect(complete('latchkey approve --with', 'without-code')).toContain('--without-code')
    scratch.remove()
  },
  180_000,
)

test('an unknown shell is a wrong usage', async () => {
  expect(await runCli(['completion', 'csh'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/bash, zsh, fish/),
  })
})
