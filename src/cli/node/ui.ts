/** `causeway ui`: opens the page of the running node in a browser, by a link that works once. */
import { spawn } from 'node:child_process'
import type { Command } from 'commander'
import { CausewayError } from '../../base/errors.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { dateText, print, quantity } from '../output.ts'
import { io } from '../streams.ts'

interface UiOptions extends CommonOptions {
  readonly at?: string
  /** False with --no-open. */
  readonly open: boolean
  readonly end?: boolean
}

export function addUi(program: Command): void {
  program
    .command('ui')
    .description("open the running node's page in a browser")
    .option('--at <ORIGIN>', 'origin at which the browser reaches the page (default: the address of --admin)')
    .option('--no-open', 'only print the link')
    .option('--end', 'end all sessions of the page, and links that nobody has used')
    .addHelpText(
      'after',
      `
The link works once, within two minutes. Whoever opens it operates the node from
that browser for eight hours, or until \`causeway ui --end\`: give it to nobody.`,
    )
    .addHelpText(
      'after',
      examples('causeway ui', 'causeway ui --no-open --at https://node.example', 'causeway ui --end'),
    )
    .action(async (options: UiOptions) => {
      await using clients = await openClients(options)
      if (!clients.running)
        throw new CausewayError(
          'NOT_STARTED',
          'No node runs on the data folder: start one with `causeway serve`, then run this again.',
        )
      if (options.end) {
        const { sessions } = await clients.node.endPageSessions({})
        print(options, { ended: sessions }, `Ended ${quantity(sessions, 'session')}.`)
        return
      }
      const { url, expiresMs } = await clients.node.createPageLink({ origin: options.at ?? '' })
      const opens = options.open && !options.json && io().stdout.isTTY && openInBrowser(url)
      const text = opens ? `${url}\nYour browser opens it. It works once.` : url
      print(options, { url, expires: dateText(expiresMs) }, text)
    })
}

/** Starts the program that opens links on this system. Returns false if there is no screen to show it on. */
function openInBrowser(url: string): boolean {
  const { platform, env } = process
  if (platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY) return false
  const [command, ...args] =
    platform === 'darwin'
      ? ['open']
      : platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler']
        : ['xdg-open']
  const opener = spawn(command!, [...args, url], { stdio: 'ignore', detached: true })
  // The link is printed as well.
  opener.on('error', () => {})
  opener.unref()
  return true
}
