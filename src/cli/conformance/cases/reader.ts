/** Level `reader`: the program takes a whole tree from a server, verifies all of it, and believes no lie. */

import type { VerifiedEntry } from '../../../dag/entry.ts'
import { hexToBytes } from '../../../dag/hex.ts'
import { type Case, expectSame } from '../case.ts'
import { type OurStand, standWith, type Tricks } from '../stand/stand.ts'
import { altering, alteringPages, cutting, inPagesOf, slow } from '../stand/tricks.ts'
import { forked } from '../trees/sets.ts'
import { Grown, kitKey, randomTree, summaryOf } from '../trees/trees.ts'

interface Fetched {
  readonly code: string
  readonly count: number
  readonly digest: string
  readonly ids: readonly string[]
}

const tree = () => randomTree(21, 60)

/** Returns a case in which the program fetches a tree from a server with these tricks. */
function fetches(
  name: string,
  rules: readonly string[],
  tricks: Tricks,
  check: (fetched: Fetched, entries: readonly VerifiedEntry[]) => void,
  fields: (ours: OurStand) => object = () => ({}),
): Case {
  return {
    name: `reader: ${name}`,
    level: 'reader',
    rules,
    async run({ program }) {
      const entries = tree()
      await using ours = await standWith(entries, tricks)
      const asked = { address: ours.stand.address, tree: entries[0]!.id, ...fields(ours) }
      check((await program.expect('fetch', asked)) as unknown as Fetched, entries)
    },
  }
}

/** The program must have all entries, parents first, each once. */
function whole(rule: string) {
  return (fetched: Fetched, entries: readonly VerifiedEntry[]) => {
    const { count, digest } = summaryOf(entries)
    expectSame(rule, 'the code', '', fetched.code)
    expectSame(rule, 'the count', count, fetched.count)
    expectSame('E10', 'the digest of the tips', digest, fetched.digest)
    const ids: readonly string[] = entries.map(({ id }) => id)
    expectSame(rule, 'the ids', [...ids].sort(), [...fetched.ids].sort())
    const at = new Map(fetched.ids.map((id, index) => [id, index]))
    const late = entries.filter(({ id, body }) =>
      body.parents.some((parent) => at.get(parent)! > at.get(id)!),
    )
    expectSame(
      'E7',
      'entries before their parents',
      [],
      late.map(({ id }) => id),
    )
  }
}

/** The program must refuse, and must not have taken the entries past the lie. */
function refused(rule: string, code = 'PROTOCOL') {
  return (fetched: Fetched) => expectSame(rule, 'the code', code, fetched.code)
}

export function readerCases(): Case[] {
  return [
    fetches('a whole tree', ['S3', 'S6', 'R4', 'E10', 'E7'], {}, whole('S3')),
    fetches('a whole tree in many pages', ['S3', 'R16'], inPagesOf(7), whole('S3')),
    fetches('from a slow server', ['S3'], inPagesOf(20, slow(40)), whole('S3')),
    fetches('from the server that is expected', ['H5'], {}, whole('H5'), ({ stand }) => ({
      peer: stand.peer,
    })),
    fetches('from another server than expected', ['H5'], {}, refused('H5', 'WRONG_PEER'), () => ({
      peer: kitKey(3).peer,
    })),
    ...shakes(),
    ...cuts(),
    ...lies(),
  ]
}

/** Servers that do not prove their key. */
function shakes(): Case[] {
  const lying = (name: string, handshake: Tricks['handshake'] & object) =>
    fetches(`a server whose proof ${name}`, ['H4', 'H1'], { handshake }, refused('H4', 'WRONG_PEER'))
  return [
    lying('is by another key', (answer) => {
      answer.peer = hexToBytes(kitKey(3).peer)
    }),
    lying('is of another nonce', (answer) => {
      answer.nonce[0]! ^= 1
    }),
    lying('has a bit flipped', (answer) => {
      answer.signature[5]! ^= 1
    }),
  ]
}

/** Calls that are cut off: the rest comes with the next one, or the program says that it has not all. */
function cuts(): Case[] {
  return [0, 1, 3].map((pages) =>
    fetches(
      `a call that is cut after ${pages} pages`,
      ['S1', 'E7'],
      inPagesOf(10, cutting(1, pages)),
      (fetched, entries) => {
        if (fetched.code === '') whole('S1')(fetched, entries)
        else expectSame('S1', 'whether all that came is there', true, fetched.ids.length >= 10 * pages)
      },
    ),
  )
}

/** Pages and headers that are not true. */
function lies(): Case[] {
  const other = forked(3, 0, 0).server
  const lie = (name: string, rules: readonly string[], tricks: Tricks, code?: string) =>
    fetches(`a server that sends ${name}`, rules, tricks, refused(rules[0]!, code))
  return [
    lie(
      'a signature with a bit flipped',
      ['E5'],
      alteringPages((page) => {
        page.entries[30]!.signature[40]! ^= 1
        return [page]
      }),
    ),
    lie(
      'a body with a bit flipped',
      ['E1'],
      alteringPages((page) => {
        page.entries[30]!.body[60]! ^= 1
        return [page]
      }),
    ),
    fetches(
      'a server that sends a child without its parent',
      ['E6'],
      alteringPages((page) => {
        page.entries.splice(1, 1)
        return [page]
      }),
      // It may ask again for what is missing, and get it; it takes nothing that does not fit.
      (fetched, entries) => (fetched.code === '' ? whole('E6')(fetched, entries) : refused('E6')(fetched)),
    ),
    lie(
      'children before their parents',
      ['E6', 'S3'],
      alteringPages((page) => {
        page.entries.reverse()
        return [page]
      }),
    ),
    lie(
      'an entry of another tree',
      ['E6'],
      alteringPages((page) => {
        page.entries.push({ ...page.entries[0]!, ...other[0]!.signed })
        return [page]
      }),
    ),
    lie(
      'an entry that nobody may write',
      ['P7'],
      alteringPages((page) => {
        const closed = new Grown('closed to strangers', 1)
        page.entries.push({ ...page.entries[0]!, ...closed.add([closed.root], { key: 5 }).signed })
        return [page]
      }),
    ),
    lie(
      'fewer entries than it says it has',
      ['E11', 'S5', 'L3'],
      altering((header) => {
        header.count += 3n
      }),
    ),
    lie(
      'another digest than that of its entries',
      ['E10', 'S5', 'L3'],
      altering((header) => {
        header.tipsDigest[3]! ^= 1
      }),
    ),
  ]
}
