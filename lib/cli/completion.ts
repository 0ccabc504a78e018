import { Argument, type Command } from 'commander'
import { completionScript, SHELLS, type Shell } from './completion-scripts.ts'

const AFTER_HELP = `
Examples:
  source <(latchkey completion bash)             # in ~/.bashrc
  latchkey completion zsh > ~/.zfunc/_latchkey   # a folder of your fpath
  latchkey completion fish > ~/.config/fish/completions/latchkey.fish`

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a script that completes commands and options in your shell')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText('after', AFTER_HELP)
    .action((shell: Shell) => {
      console.log(completionScript(shell, program))
    })
}
