/**
 * Plays a small session for each way to the difference, and compares what crosses with the transcripts in
 * conformance/vectors/sessions, which document the protocol. Trees, clocks and random choices follow from fixed
 * seeds. After a wanted change of the protocol, `UPDATE_TRANSCRIPTS=1 node --import tsx --test
 * test/sync/ask/transcripts.test.ts` rewrites the transcripts; review the difference before you commit it.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { CausewayError } from '../../../src/base/errors.ts'
import type { limits } from '../../../src/base/limits.ts'
import type { VerifiedEntry } from '../../../src/dag/entry.ts'
import { digestTips, type TreeId } from '../../../src/dag/id.ts'
import type { TreeDigest } from '../../../src/store/store.ts'
import { Gathering } from '../../../src/sync/ask/gather.ts'
import { countAt } from '../../../src/sync/ask/gather-outline.ts'
import { runSession, type SessionOptions } from '../../../src/sync/ask/session.ts'
import type { Remote } from '../../../src/sync/remote.ts'
import { shapes, TreeBuilder, testIdentity, tipsOf } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { LocalRemote, type RemoteHooks } from '../../kit/local-remote.ts'
import { openPeer, type TestPeer } from '../../kit/peers.ts'
import { projectFile } from '../../kit/project.ts'
import { Transcript } from '../../kit/transcript.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const folder = projectFile('conformance/vectors/sessions')
const update = process.env.UPDATE_TRANSCRIPTS === '1'
const firstLine =
  'UPDATE_TRANSCRIPTS=1 node --import tsx --test test/sync/ask/transcripts.test.ts rewrites this file.'

/** What each side has before the session. */
interface Sides {
  readonly a: readonly VerifiedEntry[]
  readonly b: readonly VerifiedEntry[]
}

interface Stage {
  readonly tree: TreeId
  readonly a: TestPeer
  /** The digest and count of what both sides have. */
  readonly common: TreeDigest
  readonly transcript: Transcript
  /** Makes a recorded remote of B. */
  remote(hooks?: RemoteHooks): Remote
  /** Plays one session, with a remote of its own unless one is given, and records how it ends. */
  session(options?: SessionOptions, by?: Remote): Promise<void>
}

interface Scenario {
  /** What the transcript shows, and how the two sides come to what they have. */
  readonly shows: string
  /** Limits that are lowered, so that a small tree takes this way. */
  readonly lowered?: Partial<Record<keyof typeof limits, number>>
  readonly sides: () => Sides
  /** Plays one session if absent. */
  readonly play?: (stage: Stage) => Promise<void>
}

/** A chain of `common` entries on the root, then a chain of A's and one of B's on its end. */
function forked(common: number, left: number, right: number): () => Sides {
  return () => {
    const builder = new TreeBuilder()
    const fork = builder.chain(builder.root, common).at(-1) ?? builder.root
    const shared = [...builder.entries]
    const lefts = builder.chain(fork, left, { author: testIdentity(1) })
    const rights = builder.chain(fork, right, { author: testIdentity(2) })
    return { a: [...shared, ...lefts], b: [...shared, ...rights] }
  }
}

/** Children of the root: `common` ones that both sides have, then A's and B's; and on B's last one a chain of B's. */
function starred(common: number, left: number, right: number, beyond = 0): () => Sides {
  return () => {
    const builder = new TreeBuilder()
    const children = (count: number, author: number) =>
      Array.from({ length: count }, () => builder.add([builder.root], { author: testIdentity(author) }))
    const shared = [builder.root, ...children(common, 0)]
    const lefts = children(left, 1)
    const rights = children(right, 2)
    rights.push(...builder.chain(rights.at(-1)!, beyond, { author: testIdentity(2) }))
    return { a: [...shared, ...lefts], b: [...shared, ...rights] }
  }
}

const sinceEqual: Scenario['play'] = ({ common, session }) => session({ lastEqual: common })

const scenarios: Record<string, Scenario> = {
  equal: {
    shows:
      'Both sides have the same chain, and A knows nothing of B. Digest and count agree, so one exchange settles it.',
    sides: forked(12, 0, 0),
  },
  probe: {
    shows:
      'Both sides have the same chain, and A knows that they were equal. It asks without cells, in few bytes.',
    sides: forked(12, 0, 0),
    play: sinceEqual,
  },
  'probe-behind': {
    shows:
      "Since both sides were equal, B wrote three entries and A none. The probe names all of A's tips, so B finds by a walk what A lacks.",
    sides: forked(12, 0, 3),
    play: sinceEqual,
  },
  'probe-misled': {
    shows:
      'Both sides wrote on the same chain, but A believes that they were equal just now. B answers the probe with its cells; A peels them, asks for what it lacks, and sends what B lacks.',
    sides: forked(12, 2, 3),
    play: async ({ tree, a, session }) => session({ lastEqual: await a.store.summary(tree) }),
  },
  walk: {
    shows:
      "B wrote four entries on a chain that A has. B has all of A's tips, so it finds by a walk what A lacks.",
    sides: forked(12, 0, 4),
  },
  ahead: {
    shows:
      "A wrote four entries on a chain that B has. A's cells decode at B, which has nothing to give and names what it lacks.",
    sides: forked(12, 4, 0),
  },
  cells: {
    shows:
      "Both sides wrote on the same chain. A's cells decode at B, which streams what A lacks and names what it lacks itself.",
    sides: forked(12, 3, 4),
  },
  'cells-since-equal': {
    shows:
      'Both sides wrote on the chain that they had when they were last equal, A no more than its cells decode. It leaves the counts out.',
    sides: forked(12, 2, 3),
    play: sinceEqual,
  },
  haves: {
    shows:
      "Both sides wrote on the same chain, more than A's cells decode. B walks from A's haves and streams all that they do not cover; A finds from B's tips what B lacks.",
    lowered: { sketchRequestCells: 8 },
    sides: forked(12, 9, 10),
  },
  names: {
    shows:
      "Both sides added children to the same root, more than A's cells decode. B names all its entries, since that takes fewer bytes than cells; A asks for what it lacks and sends what B lacks.",
    lowered: { sketchRequestCells: 8 },
    sides: starred(24, 9, 10),
  },
  sketch: {
    shows:
      "Both sides added children to the same root, more than A's cells decode, and B has too many entries to name. B sends its cells; A peels them, asks for what it lacks, and sends what B lacks.",
    lowered: { sketchRequestCells: 8, rangeIds: 16 },
    sides: starred(24, 9, 10),
  },
  'sketch-further': {
    shows:
      'As in sketch.txt, but the few counts of the request make B guess too low, so that its cells do not decode either: A asks for more of them.',
    lowered: { sketchRequestCells: 8, sketchRequestCounts: 1, rangeIds: 16 },
    sides: starred(24, 9, 10),
  },
  range: {
    shows:
      "Both sides added children to the same root, more than the whole sketch decodes, and B has too many entries to name. A asks with chunks of its entries; B names its entries in those that differ, as many as fit in one answer, and A asks on from there. What lies beyond A's last entry comes as pages.",
    lowered: { sketchMinCells: 16, sketchRequestCells: 8, rangeIds: 16, rangeChunkMaxEntries: 6 },
    sides: starred(25, 9, 8, 2),
  },
  'first-sync': {
    shows: 'A has nothing. It asks with the tree alone, and B streams all its entries.',
    lowered: { answerPageBytes: 2_000 },
    sides: () => ({ a: [], b: shapes.linear(24) }),
  },
  cut: {
    shows:
      'A has nothing, and the stream of its first sync is cut after a page. A keeps the page; the next session asks with what A has and gets only the rest.',
    lowered: { answerPageBytes: 2_000 },
    sides: () => ({ a: [], b: shapes.linear(24) }),
    play: async ({ remote, session }) => {
      await session({}, remote({ cutAfterPage: 1 }))
      await session()
    },
  },
  'cut-many-tips': {
    shows:
      'As in cut.txt, but the entries that A keeps have more tips than a request names. Its cells show that A has just the beginning.',
    lowered: { answerPageBytes: 7_500, sketchRequestCells: 8 },
    sides: () => ({ a: [], b: shapes.concurrentTips(54) }),
    play: async ({ remote, session }) => {
      await session({}, remote({ cutAfterPage: 1 }))
      await session()
    },
  },
  budget: {
    shows:
      'A has nothing, and asks for 2,000 bytes at most. B ends its stream there and says that there is more, so A asks again.',
    lowered: { answerPageBytes: 2_000 },
    sides: () => ({ a: [], b: shapes.linear(24) }),
    play: async ({ remote, session }) => {
      const recorded = remote()
      const syncTree: Remote['syncTree'] = (request, options) =>
        recorded.syncTree({ ...request, budgetBytes: 2_000 }, options)
      await session({}, { ...recorded, syncTree })
    },
  },
  'push-only': {
    shows:
      'Both sides wrote on the same chain, and A is to take nothing. It sends what B lacks, and asks once more to see that nothing is left to send.',
    sides: forked(12, 3, 4),
    play: ({ session }) => session({ pull: false }),
  },
  'unknown-tree': {
    shows: 'B does not have the tree. A tree that A may not read gets the same answer.',
    sides: () => ({ a: shapes.linear(5), b: [] }),
  },
  outline: {
    shows:
      'A has nothing, and takes its first sync in chunks, each of which may come from another peer; here B is the only one. A asks for the count, for the outline, and for each chunk of it. An ordinary session comes last.',
    lowered: { rangeChunkMaxEntries: 8, gatherChunksAtOnce: 1 },
    sides: () => ({ a: [], b: shapes.linear(20) }),
    play: async ({ tree, a, remote, session, transcript }) => {
      const source = { peer: testIdentity(2).peer, remote: remote() }
      transcript.note(`B has ${await countAt(source.remote, tree, undefined)} entries.`)
      const gathering = new Gathering(a, tree)
      gathering.join(source)
      await gathering.run()
      transcript.note(
        `The outline is fetched: received ${gathering.received}, redundant ${gathering.redundant}.`,
      )
      await session()
    },
  },
}

/** Plays a scenario and returns the text of its transcript. */
async function played({
  shows,
  lowered = {},
  sides,
  play = ({ session }) => session(),
}: Scenario): Promise<string> {
  using _ = limited(lowered)
  const entries = sides()
  const tree = (entries.a[0] ?? entries.b[0])!.tree
  await using peerA = await openPeer(entries.a)
  await using peerB = await openPeer(entries.b)
  const a = { ...peerA, clock: new VirtualClock() }
  const b = { ...peerB, clock: new VirtualClock() }
  const held = new Set(entries.b.map(({ id }) => id))
  const both = entries.a.filter(({ id }) => held.has(id))
  const common = { tipsDigest: digestTips(tipsOf(both)), count: both.length }
  const changed = Object.entries(lowered).map(([name, value]) => `${name} ${value}`)
  const head = [
    firstLine,
    shows,
    ...(changed.length === 0
      ? []
      : [`Limits lowered so that a small tree takes this way: ${changed.join(', ')}.`]),
  ]
  const transcript = new Transcript(head, entries.a, entries.b)
  const remote = (hooks?: RemoteHooks) => transcript.record(new LocalRemote(b, hooks))
  const session = async (options: SessionOptions = {}, by = remote()) => {
    try {
      transcript.ended(await runSession(a, by, tree, options))
    } catch (error) {
      transcript.note(`The session fails with ${CausewayError.from(error).code}.`)
    }
  }
  await play({ tree, a, common, transcript, remote, session })
  return transcript.toString()
}

describe('the transcript of a session', () => {
  for (const [name, scenario] of Object.entries(scenarios))
    it(`${name} is as recorded`, async () => {
      const path = `${folder}/${name}.txt`
      const text = await played(scenario)
      if (update) writeFileSync(path, text)
      assert.equal(text, readFileSync(path, 'utf8'))
    })

  it('is recorded for no scenario that is gone', () => {
    const names = Object.keys(scenarios).map((name) => `${name}.txt`)
    assert.deepEqual(readdirSync(folder).sort(), names.sort())
  })
})
