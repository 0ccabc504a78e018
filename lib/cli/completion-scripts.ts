import type { Command } from 'commander'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

type Word = { readonly text: string; readonly description: string }
/** A command by its path, such as ` audit verify`; the program itself is the empty path. */
type Node = { readonly path: string; readonly commands: readonly Word[]; readonly flags: readonly Word[] }

/** A script for this shell, made of the command tree itself. */
export function completionScript(shell: Shell, program: Command): string {
  const nodes = nodesOf(program, '')
  return { bash, zsh, fish }[shell](nodes)
}

function nodesOf(command: Command, path: string): Node[] {
  const help = command.createHelp()
  const commands = help.visibleCommands(command).filter((sub) => sub.name() !== 'help')
  const flags = [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)]
  const own: Node = {
    path,
    commands: commands.map((sub) => ({ text: sub.name(), description: sub.description() })),
    flags: flags.flatMap((flag) => (flag.long ? [{ text: flag.long, description: flag.description }] : [])),
  }
  return [own, ...commands.flatMap((sub) => nodesOf(sub, `${path} ${sub.name()}`))]
}

/** Follows the words before the cursor down the tree; what is no command is an argument. */
function walk(nodes: readonly Node[], words: string): string {
  const paths = nodes.slice(1).map((node) => `"${node.path}"`)
  return `  local at="" word
  for word in ${words}; do
    case "$at $word" in
      ${paths.join('|')}) at="$at $word" ;;
    esac
  done`
}

function bash(nodes: readonly Node[]): string {
  const cases = nodes.map(({ path, commands, flags }) => {
    const words = [...commands, ...flags].map((word) => word.text)
    return `    "${path}") found="${words.join(' ')}" ;;`
  })
  return `# bash completion of latchkey
_latchkey() {
  local current="\${COMP_WORDS[COMP_CWORD]}" found=""
${walk(nodes, '"${COMP_WORDS[@]:1:COMP_CWORD-1}"')}
  case "$at" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$found" -- "$current"))
}
complete -o default -F _latchkey latchkey`
}

function zsh(nodes: readonly Node[]): string {
  const cases = nodes.map(({ path, commands, flags }) => {
    const words = [...commands, ...flags].map(({ text, description }) => quoted(`${text}:${description}`))
    return `    "${path}") found=(${words.join(' ')}) ;;`
  })
  return `#compdef latchkey
_latchkey() {
  local -a found
${walk(nodes, '${words[2,CURRENT-1]}')}
  case "$at" in
${cases.join('\n')}
  esac
  _describe latchkey found || _files
}
if [ "$funcstack[1]" = "_latchkey" ]; then _latchkey "$@"; else compdef _latchkey latchkey; fi`
}

function fish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, commands, flags }) => {
    const names = path.split(' ').filter((name) => name !== '')
    const seen = names.map((name) => `__fish_seen_subcommand_from ${name}`)
    const below =
      commands.length === 0
        ? []
        : [`not __fish_seen_subcommand_from ${commands.map((word) => word.text).join(' ')}`]
    const when = (conditions: readonly string[]): string =>
      conditions.length === 0 ? '' : ` -n '${conditions.join('; and ')}'`
    return [
      ...commands.map(
        ({ text, description }) =>
          `complete -c latchkey -f${when([...seen, ...below])} -a ${text} -d ${quoted(description)}`,
      ),
      ...flags.map(
        ({ text, description }) =>
          `complete -c latchkey${when([...seen, ...below])} -l ${text.slice(2)} -d ${quoted(description)}`,
      ),
    ]
  })
  return ['# fish completion of latchkey', ...lines].join('\n')
}

/** In single quotes, which every shell takes as they are. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
