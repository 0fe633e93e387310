/** `causeway status`: shows the sync status of every link, once or continuously. */
import type { Command } from 'commander'
import type { LinkStatus } from '../../../gen/causeway/v1/node_pb.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { linkDocument, linkLine, linkTable } from '../link-view.ts'
import { hexText, print } from '../output.ts'
import { whileRead, writeOut } from '../streams.ts'
import { damageLine, damageOf } from '../trees/damage-view.ts'

/** Shortest time between two drawings of the table: nobody reads faster. */
const redrawMs = 100

export function addStatus(program: Command): void {
  program
    .command('status')
    .description('show the sync status of every link')
    .option('--watch', 'keep running: a live table on a terminal, otherwise a line for every change')
    .addHelpText(
      'after',
      `
TREE is the end of the tree's id, and PEER the start of the PeerId.

States:
  in sync  both sides have the same entries, as far as this node knows
  syncing  a session runs now or waits for its turn
  behind   a session is due, since one side may lack entries
  waiting  the last attempt failed; NEXT says when the next one is
  away     in sync, but the last attempt to reach the peer failed
  parked   not tried again automatically, for the reason in the line below`,
    )
    .action(async (options: CommonOptions & { watch?: boolean }) => {
      await using clients = await openClients(options)
      if (options.watch) {
        for (const each of await damageOf(clients)) process.stderr.write(`${damageLine(each)}\n`)
        await follow(
          whileRead((signal) => clients.node.watchStatus({ follow: true }, signal)),
          options,
        )
        return
      }
      const damage = await damageOf(clients)
      const links: LinkStatus[] = []
      for await (const page of clients.node.watchStatus({})) links.push(...page.links)
      const inSync = links.every((link) => link.inSync)
      const text = [...damage.map(damageLine), table(links)].join('\n')
      print(options, { inSync, damage, links: links.map(linkDocument) }, text)
    })
}

function table(links: readonly LinkStatus[]): string {
  if (links.length === 0)
    return 'No links yet; run `causeway link TICKET` to keep a tree in sync with a peer.'
  return linkTable(links)
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
        if (!live) await writeOut(`${options.json ? JSON.stringify(linkDocument(link)) : linkLine(link)}\n`)
      }
      if (live) timer ??= setTimeout(draw, redrawMs)
    }
  } finally {
    clearTimeout(timer)
  }
}
