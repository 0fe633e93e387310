/** `causeway config`: shows and checks the settings with which `serve` would start. */
import { Command } from 'commander'
import { CausewayError } from '../../base/errors.ts'
import { readCertificate } from '../config/reload.ts'
import { applySettings, settingsOf } from '../config/settings.ts'
import { shown } from '../config/shown.ts'
import type { CommonOptions } from '../context.ts'
import { examples } from '../help.ts'
import { print } from '../output.ts'
import { expectListener, serveOptions } from './serve.ts'

export function addConfig(program: Command): void {
  const config = program.command('config').description('show or check the settings of serve')
  addReader(config, 'show', 'print every setting, and where its value came from').action(
    (args: readonly string[], options: CommonOptions) => {
      const settings = settingsOf(read(args, options)).map(shown)
      const lines = settings.map(
        ({ name, value, source }) => `${name.padEnd(24)} ${value ?? 'none'}  (${source})`,
      )
      print(
        options,
        { settings: settings.map(({ name, value, source }) => ({ name, value, source })) },
        lines.join('\n'),
      )
    },
  )
  addReader(config, 'check', 'check the settings and the files that they name').action(
    (args: readonly string[], options: CommonOptions) => {
      const command = read(args, options)
      expectListener(command.opts())
      readCertificate(command.opts())
      print(options, { ok: true }, 'The settings are sound.')
    },
  )
}

function addReader(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .argument('[OPTIONS...]', 'options of serve, such as --config FILE')
    .description(description)
    .allowUnknownOption()
    .addHelpText('after', examples(`causeway config ${name} --config /etc/causeway.toml`))
}

/** Returns the command `serve` with these options and what the environment and the file say. */
function read(args: readonly string[], { data }: CommonOptions): Command {
  const command = serveOptions(new Command('serve'))
    .option('--data <DIR>')
    .exitOverride()
    .action(() => {})
  command.configureOutput({ writeErr: () => {} })
  try {
    command.parse(data === undefined ? args : [...args, '--data', data], { from: 'user' })
  } catch (error) {
    throw new CausewayError('INVALID_ARGUMENT', (error as Error).message.replace(/^error: /, ''))
  }
  applySettings(command)
  return command
}
