/**
 * The entries that benchmarks replicate: the history of git itself, with its merges, authors, times and sizes, from the
 * shared data folder. If that is missing, a synthetic history with the same statistics is used, and the results say so.
 * Payloads are text like git's commit objects, because compression and hashing depend on their bytes.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { PublicAccess } from '../gen/causeway/v1/entry_pb.ts'
import type { VerifiedEntry } from '../src/dag/entry.ts'
import { below, type Prng, prng, TreeBuilder, testIdentity } from '../test/kit/entries.ts'
import { projectRoot } from './project.ts'

/** `[distance back to each parent, in lines], author, unix time, size in bytes`. */
export type ShapeLine = readonly [number[], number, number, number]

export interface Shape {
  /** The origin of the lines, for the report. */
  readonly source: string
  readonly lines: readonly ShapeLine[]
}

const shapeFile = join(projectRoot, '../shared/data/git-history-shape.jsonl.gz')

/** Returns the first `count` lines; fewer if the history is shorter. */
export function loadShape(count = Number.POSITIVE_INFINITY): Shape {
  if (!existsSync(shapeFile))
    return {
      source: 'synthetic, with the statistics of the history of git',
      lines: syntheticShape(Math.min(count, 81_966)),
    }
  const text = gunzipSync(readFileSync(shapeFile)).toString()
  const lines = text.trimEnd().split('\n').slice(0, count)
  return { source: 'the history of git', lines: lines.map((line) => JSON.parse(line) as ShapeLine) }
}

/** Signs the lines as one tree, the root first. Commits without parents become children of the root. */
export function buildEntries({ lines }: Shape): VerifiedEntry[] {
  const tree = new TreeBuilder({ name: 'git', publicAccess: PublicAccess.WRITE })
  const random = prng(7)
  const corpus = commitText(1 << 20, random)
  for (const [index, [back, author, time, size]] of lines.entries()) {
    const parents = back.map((distance) => tree.entries[index + 1 - distance]!)
    const start = below(random, corpus.length - size)
    tree.add(parents.length === 0 ? [tree.root] : parents, {
      author: testIdentity(author),
      createdAtMs: time * 1000,
      payload: corpus.subarray(start, start + size),
    })
  }
  return tree.entries
}

/** Makes a history: a quarter merges, short distances with a long tail, few busy authors, sizes around 585 bytes. */
function syntheticShape(count: number): ShapeLine[] {
  const random = prng(11)
  const lines: ShapeLine[] = []
  for (let index = 0; index < count; index++) {
    const back: number[] = []
    if (index > 0) back.push(1 + Math.min(index - 1, longTailed(0.75, 1_700, random)))
    if (index > 1 && random() < 0.26) back.push(1 + Math.min(index - 1, longTailed(0.8, 600, random)))
    const distinct = [...new Set(back)]
    const author = random() < 0.3 ? 0 : Math.floor(2_681 * random() ** 4)
    const size = Math.min(17_000, Math.max(180, Math.round(585 * Math.exp(0.6 * normal(random)))))
    lines.push([distinct, author, 1_112_911_993 + index * 8_200, size])
  }
  return lines
}

/** Returns 0 with the probability `share`, otherwise a number up to `most`; small numbers are more frequent. */
function longTailed(share: number, most: number, random: Prng): number {
  return random() < share ? 0 : Math.floor(most * random() ** 3)
}

function normal(random: Prng): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

const words =
  'the a of to in is for and fix add remove make use when test commit object path index ref remote branch merge ' +
  'diff config option error check handle avoid update support allow return pass call function struct buffer file ' +
  'directory pack tree blob tag fetch push clone rebase stash submodule worktree signed reviewed helped reported'

/** Returns text like a sequence of commit objects: names in hex, headers, and messages of common words. */
function commitText(length: number, random: Prng): Uint8Array {
  const vocabulary = words.split(' ')
  const hex = () =>
    Array.from({ length: 5 }, () =>
      below(random, 2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    ).join('')
  let text = ''
  while (text.length < length) {
    const message = Array.from(
      { length: 30 + below(random, 60) },
      () => vocabulary[below(random, vocabulary.length)],
    )
    const author = `A${below(random, 2681)} <a${below(random, 2681)}@example.com> ${1_112_911_993 + below(random, 5e8)} +0000`
    text += `tree ${hex()}\nparent ${hex()}\nauthor ${author}\ncommitter ${author}\n\n${message.join(' ')}\n`
  }
  return new TextEncoder().encode(text.slice(0, length))
}
