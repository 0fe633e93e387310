/** `causeway completion`: prints the script by which a shell completes commands, options and their values. */

import { Argument, type Command } from 'commander'
import type { CommonOptions } from '../context.ts'
import { examples } from '../help.ts'
import { print } from '../output.ts'
import { bashScript } from './bash.ts'
import { fishScript } from './fish.ts'
import { commandWords } from './words.ts'
import { zshScript } from './zsh.ts'

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript }

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .addArgument(new Argument('<bash|zsh|fish>', 'your shell').choices(Object.keys(scripts)))
    .description('print a script by which your shell completes commands and options')
    .addHelpText(
      'after',
      `
Put one of these lines where your shell starts:
  source <(causeway completion bash)    # ~/.bashrc
  source <(causeway completion zsh)     # ~/.zshrc, after compinit
  causeway completion fish | source     # ~/.config/fish/config.fish`,
    )
    .addHelpText('after', examples('source <(causeway completion bash)'))
    .action((shell: keyof typeof scripts, options: CommonOptions) => {
      const script = scripts[shell](commandWords(program))
      print(options, { shell, script }, script.trimEnd())
    })
}
