/**
 * Writes void.json: `npx tsx conformance/vectors/make-void.ts`. Each case is a small tree in which somebody revokes, and
 * the labels of the entries that its author expects to be void. Everything follows from fixed keys, so the file stays the
 * same byte for byte; a test checks that, and that our own policy agrees in every order of arrival.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { ordersOf } from '../../src/cli/conformance/trees/orders.ts'
import { Grown, granting, revoking, wire } from '../../src/cli/conformance/trees/trees.ts'
import type { Change } from '../../src/dag/body.ts'
import type { VerifiedEntry } from '../../src/dag/entry.ts'
import { projectFile } from '../../test/kit/project.ts'

export const voidFile = projectFile('conformance/vectors/void.json')

export interface VoidTree {
  readonly name: string
  readonly rules: readonly string[]
  readonly entries: readonly {
    readonly label: string
    readonly id: string
    readonly body: string
    readonly signature: string
  }[]
  readonly void: readonly string[]
  readonly orders: number
}

const { ADMIN, WRITE } = Permission

/** A tree whose entries have labels. Key 0 began it. */
class Labelled {
  readonly tree: Grown
  readonly labels = new Map<string, VerifiedEntry>()

  constructor(name: string) {
    this.tree = new Grown(`void ${name}`, PublicAccess.NONE)
    this.labels.set('root', this.tree.root)
  }

  /** Adds an entry by a key on entries with these labels. */
  add(label: string, key: number, on: readonly string[], changes?: readonly Change[]): VerifiedEntry {
    const parents = on.map((each) => this.labels.get(each)!)
    const entry = this.tree.add(parents, { key, ...(changes !== undefined && { changes }) })
    this.labels.set(label, entry)
    return entry
  }
}

interface VoidCase {
  readonly rules: readonly string[]
  /** The labels of the void entries. */
  readonly voids: readonly string[]
  readonly grow: (tree: Labelled) => void
}

const cases: Readonly<Record<string, VoidCase>> = {
  'an entry beside the revocation of its author': {
    ...{ rules: ['P23', 'P14', 'P24'], voids: ['1 writes beside it', '1 goes on'] },
    grow(tree) {
      tree.add('1 may write', 0, ['root'], granting(WRITE, 1))
      tree.add('1 writes', 1, ['1 may write'])
      const last = tree.labels.get('1 writes')!
      tree.add('0 revokes 1, and keeps that', 0, ['1 writes'], revoking(1, last))
      tree.add('1 writes beside it', 1, ['1 writes'])
      tree.add('1 goes on', 1, ['1 writes beside it'])
      tree.add('0 writes on both', 0, ['0 revokes 1, and keeps that', '1 goes on'])
    },
  },
  'nothing that a revocation keeps': {
    ...{ rules: ['P26', 'P14', 'P13'], voids: [] },
    grow(tree) {
      tree.add('1 may write', 0, ['root'], granting(WRITE, 1))
      tree.add('1 writes', 1, ['1 may write'])
      tree.add('1 writes again', 1, ['1 writes'])
      tree.add('1 writes beside that', 1, ['1 may write'])
      const kept = ['1 writes again', '1 writes beside that'].map((label) => tree.labels.get(label)!)
      tree.add(
        '0 revokes 1, and keeps all',
        0,
        ['1 writes again', '1 writes beside that'],
        revoking(1, ...kept),
      )
    },
  },
  'all that a revocation does not keep': {
    ...{ rules: ['P23', 'P14'], voids: ['1 writes', '1 writes again'] },
    grow(tree) {
      tree.add('1 may write', 0, ['root'], granting(WRITE, 1))
      tree.add('1 writes', 1, ['1 may write'])
      tree.add('1 writes again', 1, ['1 writes'])
      tree.add('0 revokes 1', 0, ['1 writes again'], revoking(1))
      tree.add('0 writes beside it', 0, ['1 writes again'])
    },
  },
  'what a revoked admin granted beside it': {
    ...{ rules: ['P22', 'P18', 'P23'], voids: ['1 lets 2 write', '2 writes'] },
    grow(tree) {
      tree.add('1 is an admin', 0, ['root'], granting(ADMIN, 1))
      tree.add('0 revokes 1', 0, ['1 is an admin'], revoking(1))
      tree.add('1 lets 2 write', 1, ['1 is an admin'], granting(WRITE, 2))
      tree.add('2 writes', 2, ['1 lets 2 write'])
      tree.add('0 writes on both', 0, ['0 revokes 1', '2 writes'])
    },
  },
  'no grant that a revocation keeps': {
    ...{ rules: ['P26', 'P14', 'P18'], voids: ['1 lets 3 write'] },
    grow(tree) {
      tree.add('1 is an admin', 0, ['root'], granting(ADMIN, 1))
      tree.add('1 lets 2 write', 1, ['1 is an admin'], granting(WRITE, 2))
      const kept = tree.labels.get('1 lets 2 write')!
      tree.add('0 revokes 1, and keeps that', 0, ['1 lets 2 write'], revoking(1, kept))
      tree.add('1 lets 3 write', 1, ['1 lets 2 write'], granting(WRITE, 3))
      tree.add('2 writes', 2, ['1 lets 2 write'])
    },
  },
  'what a revocation hits that is void itself': {
    ...{ rules: ['P18', 'P22', 'P26'], voids: ['1 revokes 2'] },
    grow(tree) {
      tree.add('1 is an admin', 0, ['root'], granting(ADMIN, 1))
      tree.add('2 may write', 0, ['1 is an admin'], granting(WRITE, 2))
      tree.add('0 revokes 1', 0, ['2 may write'], revoking(1))
      tree.add('1 revokes 2', 1, ['2 may write'], revoking(2))
      tree.add('2 writes', 2, ['2 may write'])
    },
  },
  'two admins of one level who revoke each other': {
    ...{
      rules: ['P20', 'P19', 'P22', 'P23'],
      voids: ['1 revokes 2', '2 revokes 1', '1 writes', '2 writes'],
    },
    grow(tree) {
      tree.add('1 and 2 are admins', 0, ['root'], granting(ADMIN, 1, 2))
      tree.add('1 revokes 2', 1, ['1 and 2 are admins'], revoking(2))
      tree.add('2 revokes 1', 2, ['1 and 2 are admins'], revoking(1))
      tree.add('1 writes', 1, ['1 and 2 are admins'])
      tree.add('2 writes', 2, ['1 and 2 are admins'])
    },
  },
  'a junior who revokes a senior': {
    ...{ rules: ['P18', 'P19', 'P22', 'P23'], voids: ['1 writes'] },
    grow(tree) {
      tree.add('1 is an admin', 0, ['root'], granting(ADMIN, 1))
      tree.add('2 is an admin', 1, ['1 is an admin'], granting(ADMIN, 2))
      tree.add('2 revokes 1', 2, ['2 is an admin'], revoking(1))
      tree.add('1 lets 3 write', 1, ['2 is an admin'], granting(WRITE, 3))
      tree.add('1 writes', 1, ['2 is an admin'])
      tree.add('3 writes', 3, ['1 lets 3 write'])
    },
  },
  'an admin who is admin by two, of whom one is revoked': {
    ...{ rules: ['P16', 'P17', 'P22'], voids: ['1 makes 3 an admin'] },
    grow(tree) {
      tree.add('1 and 2 are admins', 0, ['root'], granting(ADMIN, 1, 2))
      tree.add('1 makes 3 an admin', 1, ['1 and 2 are admins'], granting(ADMIN, 3))
      tree.add('2 makes 3 an admin', 2, ['1 and 2 are admins'], granting(ADMIN, 3))
      tree.add('3 lets 4 write', 3, ['1 makes 3 an admin', '2 makes 3 an admin'], granting(WRITE, 4))
      tree.add('0 revokes 1', 0, ['1 and 2 are admins'], revoking(1))
    },
  },
  'an admin who is admin by one that is revoked': {
    ...{ rules: ['P21', 'P17', 'P22'], voids: ['1 makes 2 an admin', '2 lets 3 write', '3 writes'] },
    grow(tree) {
      tree.add('1 is an admin', 0, ['root'], granting(ADMIN, 1))
      tree.add('1 makes 2 an admin', 1, ['1 is an admin'], granting(ADMIN, 2))
      tree.add('2 lets 3 write', 2, ['1 makes 2 an admin'], granting(WRITE, 3))
      tree.add('3 writes', 3, ['2 lets 3 write'])
      tree.add('0 revokes 1', 0, ['1 is an admin'], revoking(1))
    },
  },
  'a right that is taken without a revocation': {
    ...{ rules: ['P22', 'P23'], voids: [] },
    grow(tree) {
      tree.add('1 may write', 0, ['root'], granting(WRITE, 1))
      tree.add('1 may read', 0, ['1 may write'], granting(Permission.READ, 1))
      tree.add('1 writes beside it', 1, ['1 may write'])
      tree.add('0 writes on both', 0, ['1 may read', '1 writes beside it'])
    },
  },
}

const about = [
  'Golden vectors of void entries (rules P14 to P26 of docs/protocol.md), for implementations in any language.',
  'Each tree is small. Its void entries are the same in each of the orders in which its entries can come: any order that has parents before their children.',
  'entries: signed, by the keys of the kit by number ("Trees by seed" in conformance/README.md). label says what an entry does; 0 began the tree, and is its first admin.',
  'void: the ids of the void entries, ascending, once all are there. All are stored and count, void or not.',
  'rules: those that decide; the first one is the one that a wrong answer breaks. orders: how many there are.',
]

export function makeVoidVectors(): string {
  const trees = Object.entries(cases).map(([name, { rules, voids, grow }]): VoidTree => {
    const labelled = new Labelled(name)
    grow(labelled)
    const idOf = (label: string) => labelled.labels.get(label)!.id as string
    return {
      ...{ name, rules },
      entries: [...labelled.labels].map(([label, entry]) => ({ label, id: entry.id, ...wire(entry) })),
      void: voids.map(idOf).sort(),
      orders: ordersOf(labelled.tree.entries).length,
    }
  })
  return `${JSON.stringify({ about, trees }, null, 1)}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(voidFile, makeVoidVectors())
