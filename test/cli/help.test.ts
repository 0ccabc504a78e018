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

test('an unknown shell is a wrong usage', async () => {
  expect(await runCli(['completion', 'csh'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/bash, zsh, fish/),
  })
})
