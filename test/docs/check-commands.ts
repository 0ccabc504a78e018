import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { MAIN } from '../cli/cli-process.ts'
import { ROOT, type CodeBlock } from './code-blocks.ts'

const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

/** Commands of `latchkey` and their options, from the completion that it prints. */
function commandTable(): Map<string, ReadonlySet<string>> {
  const script = execFileSync(process.execPath, [MAIN, 'completion', 'bash'], { encoding: 'utf8' })
  return new Map(
    [...script.matchAll(/^\s*"([^"]*)"\) found="([^"]*)" ;;$/gm)].map(([, command = '', words = '']) => [
      command.trim(),
      new Set(words.split(' ')),
    ]),
  )
}

/** The commands of a block for a shell; of a session, what stands behind the prompt. */
function commandsOf({ language, code }: CodeBlock): string {
  if (language !== 'console') return code
  const joined = code.replaceAll('\\\n', ' ')
  return [...joined.matchAll(/^[$#] (.*)$/gm)].map(([, command]) => command).join('\n')
}

/** What is wrong with the commands of a block: their syntax, a command, option or script that does not exist. */
export function commandProblems(blocks: readonly CodeBlock[]): string[] {
  const table = commandTable()
  return blocks.flatMap((block) => {
    const commands = commandsOf(block)
    const { status, stderr } = spawnSync('bash', ['-n'], { input: commands, encoding: 'utf8' })
    const problems = status === 0 ? [] : [stderr.trim()]
    const plain = commands.replaceAll('\\\n', ' ').replaceAll(/(^|\s)#.*$/gm, '')
    for (const [, name = ''] of plain.matchAll(/\bnpm (?:run (?:-s |--silent )?)([\w:-]+)/g))
      if (!(name in scripts)) problems.push(`there is no script ${name}`)
    for (const [, words = ''] of plain.matchAll(
      /(?:^|[;&|(]\s*|npx |sudo |-- |bin\/)latchkey (?!--\s)([^|;&)\n]*)/gm,
    ))
      problems.push(...wrongWords(table, words))
    return problems.map((problem) => `${block.at}: ${problem}`)
  })
}

function wrongWords(table: ReadonlyMap<string, ReadonlySet<string>>, text: string): string[] {
  const words = text
    .replaceAll(/'[^']*'|"[^"]*"/g, 'text')
    .trim()
    .split(/\s+/)
  const names = words.filter((word) => !word.startsWith('-'))
  const [first = '', second = ''] = names
  if (first === '' || first === 'help' || first.startsWith('<')) return []
  const command = table.has(`${first} ${second}`) ? `${first} ${second}` : first
  const options = table.get(command)
  if (options === undefined) return [`latchkey has no command ${first}`]
  const known = new Set([...options, ...(table.get('') ?? [])])
  return words
    .filter((word) => word.startsWith('--') && word.length > 2)
    .map((word) => word.split('=')[0] ?? '')
    .filter((option) => !known.has(option))
    .map((option) => `latchkey ${command} has no option ${option}`)
}
