/** `causeway serve`: a node that stays, until SIGTERM or SIGINT drains it. */
import { type Command, InvalidArgumentError } from 'commander'
import { formatId } from '../dag/id.ts'
import { createNode } from '../node.ts'
import { controlPath } from '../transport/local.ts'
import { type CommonOptions, dataFolder } from './context.ts'
import { printError } from './output.ts'

interface HostPort {
  readonly host: string
  readonly port: number
}

/** Reads HOST:PORT; an IPv6 host stands in brackets. */
export function parseHostPort(text: string): HostPort {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65535)
    throw new InvalidArgumentError('It is HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080.')
  return { host: (match[1] ?? match[2])!, port }
}

interface ServeOptions extends CommonOptions {
  readonly http: HostPort
}

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('run a node: serve its trees to peers and applications until stopped')
    .option(
      '--http <HOST:PORT>',
      'where to serve HTTP/2 and HTTP/1.1; port 0 takes a free one',
      parseHostPort,
      {
        host: '127.0.0.1',
        port: 0,
      },
    )
    .addHelpText(
      'after',
      '\nWith --json every event is a JSON line; the first is {"event":"ready","peer":…,"addresses":[…]}.',
    )
    .action(serve)
}

async function serve(options: ServeOptions): Promise<void> {
  const data = dataFolder(options)
  const stopping = new AbortController()
  const stop = () => {
    // A second signal while draining means now.
    if (stopping.signal.aborted) process.exit(1)
    stopping.abort()
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  await using node = await createNode({ data, http: options.http })
  node.on('problem', (error) => printError(error))
  const { failed } = await node.listen()
  for (const { error } of failed) printError(error)
  await node.listenControl(controlPath(data))
  say(options, { event: 'ready', peer: node.peer, addresses: node.addresses(), data }, [
    `Node ${node.peer}`,
    ...node.addresses().map((address) => `Listening on ${address}`),
    `Data in ${data}; stop with Ctrl-C.`,
  ])
  // After the line that says so: whoever starts a node reads that one first.
  node.on('entries', (tree, added) =>
    say(options, { event: 'entries', tree: formatId(tree), added: added.length }, [
      `${added.length} new entries in ${formatId(tree)}`,
    ]),
  )
  if (!stopping.signal.aborted)
    await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve, { once: true }))
  say(options, { event: 'stopping' }, ['Stopping…'])
  await node.close()
  say(options, { event: 'stopped' }, ['Stopped.'])
  process.off('SIGTERM', stop)
  process.off('SIGINT', stop)
}

function say(options: ServeOptions, event: object, lines: string[]): void {
  process.stdout.write(`${options.json ? JSON.stringify(event) : lines.join('\n')}\n`)
}
