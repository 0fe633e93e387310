/** `causeway status`: shows the sync status of every link, once or continuously. */

import type { Command } from 'commander'
import { LinkPlace, type LinkStatus } from '../../../gen/causeway/v1/node_pb.ts'
import { type Clients, type CommonOptions, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { linkDocument, linkLine, neighboursOf, statusLines } from '../link-view.ts'
import { findingsOf } from '../node/doctor.ts'
import { hexText, print, quantity } from '../output.ts'
import { untilStopped } from '../stop.ts'
import { io, whileRead, writeOut } from '../streams.ts'
import { damageLine, damageOf } from '../trees/damage-view.ts'
import { type Names, namesOf } from '../view/names.ts'
import { Screen } from '../view/screen.ts'
import { allOffers } from './offers.ts'
import { relayDocument, relayLine } from './relay-view.ts'

export function addStatus(program: Command): void {
  program
    .command('status')
    .description('show the sync status of every link')
    .option('--watch', 'keep running: a live table on a terminal, otherwise a line for every change')
    .addHelpText(
      'after',
      `
Of a tree with many members a line below the table says to how many neighbours
the latest entries were told; see docs/network.md.

TREE and PEER are names. Where there is none, or where several have it, TREE has
the end of the tree's id, and PEER the start of the PeerId. A column that has
nothing to say is left out. \`causeway peer add PEER --name NAME\` names a peer.

States:
  in sync  the peer is there, and both sides have the same entries
  syncing  a session runs now or waits for its turn
  behind   a session is due, since one side may lack entries
  waiting  the last attempt failed; NEXT says when the next one is
  away     both sides had the same entries, but the peer cannot be heard now
  parked   not tried again automatically, for the reason in the line below`,
    )
    .addHelpText('after', examples('causeway status', 'causeway status --watch'))
    .action(async (options: CommonOptions & { watch?: boolean }) => {
      await using clients = await openClients(options)
      const damage = await damageOf(clients)
      if (options.watch) {
        for (const each of damage) io().stderr.write(`${damageLine(each)}\n`)
        await (io().stdout.isTTY && !options.json ? followLive(clients) : followLines(clients, options))
        return
      }
      const links: LinkStatus[] = []
      for await (const page of clients.node.watchStatus({})) links.push(...page.links)
      const inSync = links.every((link) => link.inSync || link.place === LinkPlace.PASSIVE)
      const { relay } = await clients.node.getNode({})
      const alone = relay?.connected === false ? [relayLine(relay)] : []
      const names = await namesOf(clients)
      const { offers, problems, lines } = await attention(clients)
      const text = [
        ...damage.map(damageLine),
        ...alone,
        ...lines,
        ...table(links, names, io().stdout.columns),
      ]
      const documents = links.map((link) => linkDocument(link, names))
      print(
        options,
        {
          ...{ inSync, damage, relay: relayDocument(relay), offers, problems },
          neighbours: neighboursOf(links).map((each) => ({ ...each, treeName: names.treeName(each.tree) })),
          links: documents,
        },
        text.join('\n'),
      )
    })
}

/** Returns how many offers wait and how many problems the doctor finds beside what `status` shows, in one line each. */
async function attention(clients: Clients) {
  const offers = (await allOffers(clients)).length
  const found = clients.running ? await findingsOf(clients) : []
  // The store, the relay and the links have their own lines.
  const others = found.filter(({ topic }) => !['store', 'relay', 'links'].includes(topic))
  const problems = others.filter(({ severity }) => severity === 'problem').length
  const lines = [
    ...found.flatMap(({ topic, message }) => (topic === 'key' ? [message] : [])),
    ...(offers > 0 ? [`${quantity(offers, 'offer')} of trees: see \`causeway offers\`.`] : []),
    ...(problems > 0 ? [`${quantity(problems, 'problem')}: see \`causeway doctor\`.`] : []),
  ]
  return { offers, problems, lines }
}

function table(links: readonly LinkStatus[], names: Names, width?: number): string[] {
  if (links.length === 0)
    return ['No links yet; run `causeway link TICKET` to keep a tree in sync with a peer.']
  return statusLines(links, names, width)
}

/** Yields what changes, with the names of trees and peers, which are asked for again when a link has an unknown one. */
async function* changesOf(
  clients: Clients,
  signal?: AbortSignal,
): AsyncGenerator<{ links: readonly LinkStatus[]; names: Names }> {
  const asked = new Set<string>()
  let names: Names | undefined
  for await (const { links } of whileRead(({ signal: read }) =>
    clients.node.watchStatus({ follow: true }, { signal: signal ? AbortSignal.any([signal, read]) : read }),
  )) {
    const before = asked.size
    for (const { tree, peer } of links) asked.add(hexText(tree)).add(hexText(peer))
    if (names === undefined || asked.size > before) names = await namesOf(clients)
    yield { links, names }
  }
}

/** Prints a line for every change. */
async function followLines(clients: Clients, options: CommonOptions): Promise<void> {
  for await (const { links, names } of changesOf(clients))
    for (const link of links) {
      if (link.place === LinkPlace.PASSIVE) continue
      const text = options.json ? JSON.stringify(linkDocument(link, names)) : linkLine(link, names)
      await writeOut(`${text}\n`)
    }
}

/** Shows a table on a screen of its own until a signal ends the command. */
async function followLive(clients: Clients): Promise<void> {
  const stop = new AbortController()
  void untilStopped().then(() => stop.abort())
  const all = new Map<string, LinkStatus>()
  let known: Names | undefined
  using screen = new Screen(io().stdout, (width) =>
    known === undefined ? [] : table([...all.values()], known, width),
  )
  try {
    for await (const { links, names } of changesOf(clients, stop.signal)) {
      known = names
      for (const link of links) all.set(`${hexText(link.tree)}${hexText(link.peer)}`, link)
      screen.changed()
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
}
