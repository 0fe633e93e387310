/**
 * The valid vectors: two trees that grow parents first, and single entries at the limits. They are written with the raw
 * builder and then read with the codec, which provides their fields.
 */
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { readEntry, readRoot } from '../../src/dag/entry.ts'
import { bytesToHex } from '../../src/dag/hex.ts'
import { formatId } from '../../src/dag/id.ts'
import type { Identity } from '../../src/dag/identity.ts'
import type { FieldsVector, ValidVector } from './format.ts'
import {
  bodyOf,
  change,
  compact,
  hex,
  len,
  many,
  mixedAuthor,
  none,
  num,
  type Parts,
  peerBytes,
  policyChange,
  policyKey,
  sign,
  signMixed,
  utf8,
  vectorIdentity,
} from './raw.ts'

export const time = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const maxNumber = Number.MAX_SAFE_INTEGER
export const alice = vectorIdentity(1)
export const bob = vectorIdentity(2)
export const carol = vectorIdentity(3)
const admin = 3

/** The fields of an honest root. */
export function rootParts(
  author: Identity,
  name: string,
  access: number,
  overrides: Partial<Parts> = {},
): Parts {
  return {
    version: num(1, 1),
    tree: none,
    parents: none,
    height: none,
    author: len(5, peerBytes(author)),
    time: num(6, time),
    policy: none,
    changes: len(8, policyChange(name, access, [policyKey({ peer: peerBytes(author), permission: admin })])),
    nonce: len(9, new Uint8Array(16).fill(0xa5)),
    tail: none,
    ...overrides,
  }
}

/** The fields of an honest child. Unless overridden it stands on the root's policy, which it does not name. */
export function childParts(
  author: Identity,
  tree: string,
  parents: readonly string[],
  height: number,
  overrides: Partial<Parts> = {},
): Parts {
  return {
    version: num(1, 1),
    tree: len(2, hex(tree)),
    parents: many(3, [...parents].sort().map(hex)),
    height: num(4, height),
    author: len(5, peerBytes(author)),
    time: num(6, time),
    policy: none,
    changes: len(8, change('log', 'add', utf8('hello'))),
    nonce: none,
    tail: none,
    ...overrides,
  }
}

/** Returns `count` ids in ascending order that no entry has. */
export function madeUpIds(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const id = new Uint8Array(32).fill(0xee)
    id.set([index >> 8, index & 255])
    return id
  })
}

/** Returns a child of exactly that many bytes. */
export function bodyOfSize(tree: string, size: number): Uint8Array {
  const make = (payload: number) =>
    bodyOf(
      childParts(alice, tree, [tree], 1, {
        changes: len(8, change('blob', '', new Uint8Array(payload).fill(0x5a))),
      }),
    )
  return make(size - (make(size - 1000).length - (size - 1000)))
}

function vector(
  name: string,
  body: Uint8Array,
  signature: Uint8Array,
  extra: { seed: string | null; alone?: true; void?: true },
): ValidVector {
  const entry = readEntry({ body, signature })
  const fields: FieldsVector = {
    version: entry.body.version,
    tree: entry.body.tree ?? null,
    parents: entry.body.parents,
    height: entry.body.height,
    author: entry.body.author,
    createdAtMs: entry.body.createdAtMs,
    policy: entry.body.policy,
    changes: repeated(
      entry.body.changes.map(({ store, kind, payload }) => ({ store, kind, payload: compact(payload) })),
    ),
    nonce: bytesToHex(entry.body.nonce),
  }
  const stated = entry.body.tree === undefined ? readRoot(entry) : undefined
  return {
    name,
    seed: extra.seed,
    body: compact(body),
    signature: bytesToHex(signature),
    id: entry.id,
    cid: formatId(entry.id),
    ...(stated && {
      root: {
        name: stated.name,
        publicAccess: PublicAccess[stated.publicAccess] as 'NONE' | 'READ' | 'WRITE',
      },
    }),
    fields,
    ...(extra.alone && { alone: true }),
    ...(extra.void && { void: true }),
  }
}

function repeated<T>(items: readonly T[]): (T | { repeat: T; times: number })[] {
  const [first] = items
  const same = items.length > 16 && items.every((item) => JSON.stringify(item) === JSON.stringify(first))
  return same ? [{ repeat: first!, times: items.length }] : [...items]
}

export function validEntries(): ValidVector[] {
  const vectors: ValidVector[] = []
  const add = (name: string, author: Identity, parts: Parts, extra: { alone?: true; void?: true } = {}) => {
    const body = bodyOf(parts)
    const made = vector(name, body, sign(author, body), { seed: bytesToHex(author.seed), ...extra })
    vectors.push(made)
    return made
  }

  const write = add('root, everybody may write', alice, rootParts(alice, 'shared notes', PublicAccess.WRITE))
  const tree = write.id
  const child = (
    name: string,
    author: Identity,
    parents: readonly ValidVector[],
    overrides: Partial<Parts> = {},
  ) => {
    const height = 1 + Math.max(...parents.map((parent) => parent.fields.height))
    return add(
      name,
      author,
      childParts(
        author,
        tree,
        parents.map((parent) => parent.id),
        height,
        overrides,
      ),
    )
  }
  const one = child('child', alice, [write])
  const two = child('child by another author, a second tip', bob, [write])
  const merge = child('merge of two tips', alice, [one, two])
  const low = child('child of the root beside higher ones', carol, [write], { nonce: len(9, hex('00')) })
  child('merge of five parents of several heights', bob, [write, one, two, merge, low])
  child('no changes', alice, [merge], { changes: none })
  child('empty kind and payload', alice, [merge], { changes: len(8, change('log')) })
  child('several changes to several stores', alice, [merge], {
    changes: many(8, [change('b', 'put', hex('00ff')), change('a', '', utf8('x')), change('b', 'del')]),
  })
  child('payloads of 127 and 128 bytes: lengths of one and two bytes', alice, [merge], {
    changes: many(8, [change('log', '', new Uint8Array(127)), change('log', '', new Uint8Array(128))]),
  })
  child('time 0 is left out', alice, [merge], { time: none })
  child('time 127', alice, [merge], { time: num(6, 127) })
  child('time 128', alice, [merge], { time: num(6, 128) })
  child('time 2^53 - 1', alice, [merge], { time: num(6, maxNumber) })
  child('nonce of one zero byte', alice, [merge], { nonce: len(9, hex('00')) })
  child('nonce of 32 bytes', alice, [merge], { nonce: len(9, new Uint8Array(32).fill(0xff)) })
  child('unicode names, not normalised', alice, [merge], {
    changes: many(8, [
      change('é', 'e\u0301'),
      change('e\u0301', 'é'),
      change('日記 🌊', '\ufeffbyte order mark'),
    ]),
  })
  child('names of 64 bytes', alice, [merge], {
    changes: many(8, [change('s'.repeat(64), 'k'.repeat(64)), change('é'.repeat(32), '🌊'.repeat(16))]),
  })
  const [mixedBody, mixedSignature] = signMixed(
    (attempt) =>
      bodyOf(
        childParts(alice, tree, [one.id], 2, { author: len(5, mixedAuthor), time: num(6, attempt + 1) }),
      ),
    true,
  )
  vectors.push(
    vector('author of mixed order whose signature holds without the cofactor', mixedBody, mixedSignature, {
      seed: null,
    }),
  )

  const closed = add('root, nobody else may read', bob, rootParts(bob, 'private', PublicAccess.NONE))
  const grant = add(
    'grants a writer and a reader',
    bob,
    childParts(bob, closed.id, [closed.id], 1, {
      changes: len(
        8,
        policyChange('', 0, [
          policyKey({ peer: peerBytes(alice), permission: 2, name: 'Alice' }),
          policyKey({ peer: peerBytes(carol), permission: 1 }),
        ]),
      ),
    }),
  )
  const granted = add(
    'by the granted writer, ruled by the newer policy',
    alice,
    childParts(alice, closed.id, [grant.id], 2, { policy: len(7, hex(grant.id)) }),
  )
  const revoked = add(
    'revokes a writer but keeps what it wrote, and lets everybody read',
    bob,
    childParts(bob, closed.id, [granted.id], 3, {
      policy: len(7, hex(grant.id)),
      changes: len(
        8,
        policyChange('', PublicAccess.READ, [
          policyKey({ peer: peerBytes(alice), revoked: true, lastAccepted: [hex(granted.id)] }),
        ]),
      ),
    }),
  )
  const ruled = (
    name: string,
    author: Identity,
    rulers: readonly ValidVector[],
    parents: readonly ValidVector[],
    overrides: Partial<Parts> = {},
    extra: { void?: true } = {},
  ) => {
    const height = 1 + Math.max(...parents.map((parent) => parent.fields.height))
    const policy = many(
      7,
      rulers
        .map(({ id }) => id)
        .sort()
        .map(hex),
    )
    const ids = parents.map(({ id }) => id)
    return add(name, author, childParts(author, closed.id, ids, height, { policy, ...overrides }), extra)
  }
  const says = (...keys: Uint8Array[]) => ({ changes: len(8, policyChange('', 0, keys)) })
  const late = ruled(
    'by the revoked writer, beside its revocation',
    alice,
    [grant],
    [granted],
    {},
    { void: true },
  )
  ruled('on a void entry, by somebody who may', bob, [revoked], [late, revoked])
  const [dora, emil] = [vectorIdentity(4), vectorIdentity(5)]
  const named = (identity: Identity, permission = admin) =>
    policyKey({ peer: peerBytes(identity), permission })
  const out = (identity: Identity) => policyKey({ peer: peerBytes(identity), revoked: true })
  const bothNamed = ruled('names two admins', bob, [revoked], [revoked], says(named(dora), named(emil)))
  const first = ruled('one admin revokes the other', dora, [bothNamed], [bothNamed], says(out(emil)), {
    void: true,
  })
  const second = ruled('which revokes it, too: both hold', emil, [bothNamed], [bothNamed], says(out(dora)), {
    void: true,
  })
  ruled('on both, where neither may do anything', bob, [first, second], [first, second])
  const puppet = ruled(
    'a puppet named beside the revocations',
    dora,
    [bothNamed],
    [bothNamed],
    says(named(carol)),
    {
      void: true,
    },
  )
  ruled('by the puppet, as admin', carol, [puppet], [puppet], says(out(bob)), { void: true })
  add('root, everybody may read', carol, rootParts(carol, 'read me', PublicAccess.READ))
  add('root that leaves public access unspecified, which is none', carol, rootParts(carol, 'quiet', 0))
  add(
    'root with a nonce of 32 bytes, no time, and a named admin',
    carol,
    rootParts(carol, 'n', PublicAccess.NONE, {
      time: none,
      nonce: len(9, new Uint8Array(32)),
      changes: len(
        8,
        policyChange('n', PublicAccess.NONE, [
          policyKey({ peer: peerBytes(carol), permission: admin, name: 'Carol' }),
        ]),
      ),
    }),
  )
  add(
    'root whose name begins with a byte order mark and has 128 bytes',
    carol,
    rootParts(carol, `\ufeff${'é'.repeat(62)}!`, PublicAccess.NONE),
  )

  const alone = (name: string, overrides: Partial<Parts>, height = 1) =>
    add(name, alice, childParts(alice, tree, [tree], height, overrides), { alone: true })
  alone('256 parents', { parents: many(3, madeUpIds(256)) })
  alone('64 policy entries', { policy: many(7, madeUpIds(64)) })
  alone('1,024 changes', { changes: many(8, Array<Uint8Array>(1024).fill(change('s', '', hex('01')))) })
  alone('height 2^53 - 1', { parents: many(3, madeUpIds(1)) }, maxNumber)
  const full = bodyOfSize(tree, 1_048_576)
  vectors.push(vector('a body of exactly 1 MiB', full, sign(alice, full), { seed: bytesToHex(alice.seed) }))
  return vectors
}

/** Ids that the raw parts of the invalid vectors refer to. */
export function idOf(vectors: readonly ValidVector[], name: string): string {
  const found = vectors.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`No valid vector is named ${JSON.stringify(name)}.`)
  return found.id
}
