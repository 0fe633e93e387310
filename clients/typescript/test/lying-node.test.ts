/** A node that lies about a tree: nothing that it sends passes for more than it is. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../../src/base/clock.ts'
import { idOf, type VerifiedEntry } from '../../../src/dag/entry.ts'
import { hexToBytes } from '../../../src/dag/hex.ts'
import { digestTips, idToBytes } from '../../../src/dag/id.ts'
import { type CallConnection, Calls } from '../../../src/rpc/client/calls.ts'
import { TreeBuilder, testIdentity, tipsOf } from '../../../test/kit/entries.ts'
import { PublicAccess } from '../src/index.ts'
import { Trees } from '../src/trees.ts'

const tree = new TreeBuilder({ publicAccess: PublicAccess.READ })
tree.chain(tree.root, 3)
const entries = [...tree.entries]
const { root } = tree
const elsewhere = new TreeBuilder({ seed: 1 }).root
const other = new TreeBuilder({ publicAccess: PublicAccess.READ })
const forbidden = other.add([other.root], { author: testIdentity(5) })

const message = (entry: VerifiedEntry) => ({ id: idToBytes(entry.id), signed: entry.signed, isVoid: false })
const described = (of: readonly VerifiedEntry[] = entries) => ({
  ...{ id: idToBytes(root.id), name: 'test', publicAccess: PublicAccess.READ, height: 3n },
  ...{
    count: BigInt(of.length),
    sequence: BigInt(of.length),
    tipsDigest: hexToBytes(digestTips(tipsOf(of))),
  },
})
const arrival = (of: readonly VerifiedEntry[], from = 1) => ({
  ...{ entries: of.map(message), sequence: BigInt(from + of.length - 1), policyChanged: false },
  sequences: of.map((_, index) => BigInt(from + index)),
})

/** The trees of a node that answers like this. */
function treesOf(answers: object): Trees {
  const client = {
    getTree: async () => ({ tree: described(), tips: [] }),
    async *watchTree() {
      yield arrival(entries)
    },
    ...answers,
  }
  const connection = { client: () => client, ended: undefined } as unknown as CallConnection
  return new Trees(new Calls({ connection: async () => connection, clock: systemClock }))
}

const watching = (...messages: object[]) => ({
  async *watchTree() {
    yield* messages
  },
})
const flipped = (bytes: Uint8Array) => bytes.map((byte, index) => (index === 40 ? byte ^ 1 : byte))
const forged = {
  ...message(entries[1]!),
  signed: { body: entries[1]!.signed.body, signature: flipped(entries[1]!.signed.signature) },
}

describe('A node that lies about a tree', () => {
  it('is believed while it does not', async () => {
    const whole = await treesOf({}).fetch(root.id)
    assert.deepEqual(whole.entries(), entries)
  })

  const signOfLife = { entries: [], sequence: 0n, sequences: [], policyChanged: false }
  const lies: [string, object, string][] = [
    [
      'sends another tree',
      { getTree: async () => ({ tree: { ...described(), id: idToBytes(elsewhere.id) } }) },
      'PROTOCOL',
    ],
    [
      'leaves out an entry below others',
      watching(arrival(entries.slice(0, 2)), arrival(entries.slice(3), 4)),
      'ENTRY_MISSING_PARENT',
    ],
    [
      'leaves out the last entry',
      watching(arrival(entries.slice(0, 3)), { ...signOfLife, sequence: 4n }),
      'PROTOCOL',
    ],
    [
      'keeps the rest for itself',
      watching(arrival(entries.slice(0, 3)), ...Array(9).fill({ ...signOfLife, sequence: 3n })),
      'PROTOCOL',
    ],
    [
      'sends more than it has',
      watching({ ...arrival([...entries, tree.add()]), sequences: [1n, 1n, 1n, 1n, 1n] }),
      'PROTOCOL',
    ],
    ['forges a signature', watching({ ...arrival([root]), entries: [forged] }), 'PROTOCOL'],
    [
      'forges one under its own id',
      watching({ ...arrival([root]), entries: [{ ...forged, id: idToBytes(idOf(forged.signed)) }] }),
      'ENTRY_SIGNATURE',
    ],
    ['sends an entry of another tree', watching(arrival([elsewhere])), 'PROTOCOL'],
    [
      'sends an entry without its signature',
      watching({ ...arrival([root]), entries: [{ id: idToBytes(root.id) }] }),
      'PROTOCOL',
    ],
    ['sends an entry that its author may not write', watching(arrival([root, forbidden])), 'ENTRY_FORBIDDEN'],
    ['goes back', watching(arrival(entries.slice(0, 3)), arrival(entries.slice(0, 1))), 'PROTOCOL'],
    ['numbers other entries than it sends', watching({ ...arrival(entries), sequences: [1n] }), 'PROTOCOL'],
  ]
  for (const [what, answers, code] of lies)
    it(`is found if it ${what}`, async () => {
      await assert.rejects(treesOf(answers).fetch(root.id), { code })
    })

  it('is found if a list of it has no end', async () => {
    const page = { trees: [], nextPageToken: 'again' }
    const trees = treesOf({ listTrees: async () => page })
    await assert.rejects(trees.list().next(), { code: 'PROTOCOL' })
  })

  it('is found if a list of it goes in a circle', async () => {
    const pages: Record<string, object> = {
      '': { entries: entries.slice(0, 2).map(message), nextPageToken: 'b' },
      b: { entries: entries.slice(2).map(message), nextPageToken: 'a' },
      a: { entries: entries.slice(0, 2).map(message), nextPageToken: 'b' },
    }
    const trees = treesOf({ listEntries: async ({ pageToken }: { pageToken: string }) => pages[pageToken] })
    const listed: string[] = []
    await assert.rejects(
      async () => {
        for await (const { entry } of trees.entries(root.id)) listed.push(entry.id)
      },
      { code: 'PROTOCOL' },
    )
    assert.deepEqual(
      listed,
      entries.map(({ id }) => id),
    )
    await assert.rejects(
      async () => {
        for await (const _ of trees.entries(root.id, { newestFirst: true }));
      },
      { code: 'PROTOCOL' },
    )
  })

  it('is found if it counts other entries than it was sent', async () => {
    const trees = treesOf({ submitEntries: async () => ({ added: 2, known: 0, at: [] }) })
    await assert.rejects(trees.submit(root.id, [root]), { code: 'PROTOCOL' })
  })
})
