/** `causeway status`: how every link stands, once or as a table that stays. */
import type { Command } from 'commander'
import type { LinkStatus } from '../../../gen/causeway/v1/node_pb.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { linkDocument, linkLine, linkTitle } from '../link-view.ts'
import { hexText, print } from '../output.ts'

/** Faster than this nobody reads. */
const redrawMs = 100

export function addStatus(program: Command): void {
  program
    .command('status')
    .description('tell for every link of a tree with a peer how it stands')
    .option('--watch', 'go on: a live table on a terminal, else a line with every change')
    .action(async (options: CommonOptions & { watch?: boolean }) => {
      await using clients = await openClients(options)
      if (options.watch) {
        await follow(clients.node.watchStatus({ follow: true }), options)
        return
      }
      const links: LinkStatus[] = []
      for await (const page of clients.node.watchStatus({})) links.push(...page.links)
      const inSync = links.every((link) => link.inSync)
      print(options, { inSync, links: links.map(linkDocument) }, table(links))
    })
}

function table(links: readonly LinkStatus[]): string {
  if (links.length === 0) return 'No links yet: `causeway link TICKET` keeps a tree equal with a peer.'
  return [linkTitle, ...links.map(linkLine)].join('\n')
}

async function follow(
  changes: AsyncIterable<{ links: LinkStatus[] }>,
  options: CommonOptions,
): Promise<void> {
  const all = new Map<string, LinkStatus>()
  const live = process.stdout.isTTY && !options.json
  let timer: NodeJS.Timeout | undefined
  const draw = () => {
    timer = undefined
    process.stdout.write(`\x1b[H\x1b[2J${table([...all.values()])}\n`)
  }
  try {
    for await (const { links } of changes) {
      for (const link of links) {
        all.set(`${hexText(link.tree)}${hexText(link.peer)}`, link)
        if (!live) print(options, linkDocument(link), linkLine(link))
      }
      if (live) timer ??= setTimeout(draw, redrawMs)
    }
  } finally {
    clearTimeout(timer)
  }
}
