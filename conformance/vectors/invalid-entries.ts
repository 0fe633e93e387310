/**
 * The invalid vectors: honest entries with one fault each, signed again by their author unless the signature is the
 * fault, so that each code has only one reason.
 */
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import type { EntryErrorCode } from '../../src/base/errors.ts'
import { bytesToHex } from '../../src/dag/hex.ts'
import type { Identity } from '../../src/dag/identity.ts'
import type { InvalidVector, KnownParent, ValidVector } from './format.ts'
import {
  bodyOf,
  change,
  compact,
  hex,
  join,
  len,
  malleate,
  many,
  mixedAuthor,
  none,
  num,
  type Parts,
  peerBytes,
  policyChange,
  policyKey,
  sign,
  signForNeutralAuthor,
  signMixed,
  signWithSmallR,
  tag,
  utf8,
  vectorIdentity,
} from './raw.ts'
import {
  alice,
  bob,
  bodyOfSize,
  carol,
  childParts,
  idOf,
  madeUpIds,
  rootParts,
  time,
} from './valid-entries.ts'

export function invalidEntries(valid: readonly ValidVector[]): InvalidVector[] {
  const vectors: InvalidVector[] = []
  const tree = idOf(valid, 'root, everybody may write')
  const parent = idOf(valid, 'child')
  const [idA, idB] = [tree, parent].sort().map(hex) as [Uint8Array, Uint8Array]

  const add = (code: EntryErrorCode, name: string, body: Uint8Array, signature = sign(alice, body)) =>
    vectors.push({
      name,
      code,
      decidedBy: 'body',
      body: compact(body),
      signature: bytesToHex(signature),
    })
  const child = (code: EntryErrorCode, name: string, overrides: Partial<Parts>) =>
    add(code, name, bodyOf(childParts(alice, tree, [parent], 2, overrides)))
  const root = (code: EntryErrorCode, name: string, overrides: Partial<Parts>) =>
    add(code, name, bodyOf(rootParts(alice, 'shared notes', PublicAccess.WRITE, overrides)))
  const changed = (code: EntryErrorCode, name: string, ...changes: Uint8Array[]) =>
    child(code, name, { changes: many(8, changes) })
  const honest = bodyOf(childParts(alice, tree, [parent], 2))

  add('ENTRY_TOO_LARGE', 'a body of 1 MiB and one byte', bodyOfSize(tree, 1_048_577))

  child('ENTRY_MALFORMED', 'ends inside a tag', { tail: hex('80') })
  child('ENTRY_MALFORMED', 'ends after a tag', { tail: tag(9, 2) })
  child('ENTRY_MALFORMED', 'ends inside the last field', { nonce: hex('4a10ffff') })
  child('ENTRY_MALFORMED', 'a change ends inside its payload', { changes: len(8, hex('0a016c1a05ff')) })
  child('ENTRY_MALFORMED', 'unknown field 10', { tail: num(10, 1) })
  child('ENTRY_MALFORMED', 'unknown field 536870911', { tail: num(536_870_911, 1) })
  add('ENTRY_MALFORMED', 'field 0', join(num(0, 1), honest))
  changed('ENTRY_MALFORMED', 'unknown field 4 in a change', join(change('log', 'add'), num(4, 1)))
  child('ENTRY_MALFORMED', 'a number with a length', { time: len(6, hex('01')) })
  child('ENTRY_MALFORMED', 'bytes as a number', { nonce: num(9, 5) })
  child('ENTRY_MALFORMED', 'a number of fixed 64 bits', { time: join(tag(6, 1), hex('0100000000000000')) })
  child('ENTRY_MALFORMED', 'a number of fixed 32 bits', { height: join(tag(4, 5), hex('02000000')) })
  child('ENTRY_MALFORMED', 'a group', { nonce: join(tag(9, 3), tag(9, 4)) })
  changed('ENTRY_MALFORMED', 'a store that is not UTF-8', len(1, hex('6cff')))
  changed('ENTRY_MALFORMED', 'a store with overlong UTF-8', len(1, hex('c1a1')))
  changed('ENTRY_MALFORMED', 'a kind with a surrogate in UTF-8', join(change('log'), len(2, hex('eda080'))))
  child('ENTRY_MALFORMED', 'height 2^53', { height: num(4, 2n ** 53n) })
  child('ENTRY_MALFORMED', 'time 2^64 - 1', { time: num(6, 2n ** 64n - 1n) })
  child('ENTRY_MALFORMED', 'a number of eleven bytes', {
    time: join(tag(6, 0), new Uint8Array(10).fill(0xff), hex('01')),
  })

  child('ENTRY_NOT_CANONICAL', 'fields in descending order', {
    time: none,
    height: join(num(6, time), num(4, 2)),
  })
  child('ENTRY_NOT_CANONICAL', 'parents in two runs', { tail: len(3, hex(tree)) })
  child('ENTRY_NOT_CANONICAL', 'the height twice', { height: join(num(4, 2), num(4, 2)) })
  child('ENTRY_NOT_CANONICAL', 'the nonce twice', { nonce: join(len(9, hex('01')), len(9, hex('02'))) })
  changed('ENTRY_NOT_CANONICAL', 'a payload twice', join(change('log', '', hex('01')), len(3, hex('02'))))
  changed('ENTRY_NOT_CANONICAL', 'the kind before the store', join(len(2, utf8('add')), len(1, utf8('log'))))
  child('ENTRY_NOT_CANONICAL', 'an overlong number', { height: join(tag(4, 0), hex('8200')) })
  child('ENTRY_NOT_CANONICAL', 'an overlong tag', { nonce: hex('ca000101') })
  child('ENTRY_NOT_CANONICAL', 'an overlong length', { nonce: hex('4a810001') })
  child('ENTRY_NOT_CANONICAL', 'time 0 written', { time: num(6, 0) })
  child('ENTRY_NOT_CANONICAL', 'an empty nonce written', { nonce: len(9, none) })
  changed('ENTRY_NOT_CANONICAL', 'an empty kind written', join(change('log'), len(2, none)))
  changed('ENTRY_NOT_CANONICAL', 'an empty payload written', join(change('log'), len(3, none)))

  add('ENTRY_VERSION', 'an empty body', none)
  child('ENTRY_VERSION', 'no version', { version: none })
  child('ENTRY_VERSION', 'version 2', { version: num(1, 2) })
  child('ENTRY_VERSION', 'version 2 with a field that version 1 has not', {
    version: num(1, 2),
    tail: num(10, 1),
  })
  child('ENTRY_VERSION', 'version 2^32 + 1, which 32 bits would take for 1', { version: num(1, 2 ** 32 + 1) })

  child('ENTRY_AUTHOR', 'no author', { author: none })
  child('ENTRY_AUTHOR', 'an author of 31 bytes', { author: len(5, peerBytes(alice).slice(1)) })
  child('ENTRY_AUTHOR', 'an author of 33 bytes', { author: len(5, join(peerBytes(alice), hex('00'))) })
  const badAuthors: [string, string][] = [
    ['order 1, whose signature holds for everything', `01${'00'.repeat(31)}`],
    ['order 1 with the sign bit', `01${'00'.repeat(30)}80`],
    ['order 2', `ec${'ff'.repeat(30)}7f`],
    ['order 4', '00'.repeat(32)],
    ['order 8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
    ['order 8 with the sign bit', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85'],
    ['p + 1, which is order 1 not in canonical form', `ee${'ff'.repeat(30)}7f`],
    ['p + 3, which is not in canonical form', `f0${'ff'.repeat(30)}7f`],
  ]
  for (const [what, author] of badAuthors) {
    const body = bodyOf(childParts(alice, tree, [parent], 2, { author: len(5, hex(author)) }))
    add('ENTRY_AUTHOR', `author of ${what}`, body, signForNeutralAuthor())
  }

  child('ENTRY_TREE', 'a tree of 31 bytes', { tree: len(2, hex(tree).slice(1)) })
  child('ENTRY_TREE', 'an empty tree written', { tree: len(2, none) })
  child('ENTRY_TREE', 'parents without a tree', { tree: none })

  const adminKey = { peer: peerBytes(alice), permission: 3 }
  const rootPolicy = (name: string, ...keys: Parameters<typeof policyKey>[0][]) => ({
    changes: len(8, policyChange(name, PublicAccess.READ, keys.map(policyKey))),
  })
  root('ENTRY_ROOT', 'a root without changes', { changes: none })
  root('ENTRY_ROOT', 'a root without a policy', { changes: len(8, change('log', 'add')) })
  root('ENTRY_ROOT', 'a root with a second change', {
    changes: join(rootPolicy('n', adminKey).changes, len(8, change('log', 'add'))),
  })
  root('ENTRY_ROOT', 'a root without a name', rootPolicy('', adminKey))
  root('ENTRY_ROOT', 'a root with a name of 129 bytes', rootPolicy('n'.repeat(129), adminKey))
  root('ENTRY_ROOT', 'a root that names no key', rootPolicy('n'))
  root(
    'ENTRY_ROOT',
    'a root that names another admin',
    rootPolicy('n', { ...adminKey, peer: peerBytes(bob) }),
  )
  root(
    'ENTRY_ROOT',
    'a root that names its author as writer',
    rootPolicy('n', { ...adminKey, permission: 2 }),
  )
  root(
    'ENTRY_ROOT',
    'a root that names a second key',
    rootPolicy('n', adminKey, { ...adminKey, peer: peerBytes(bob) }),
  )
  root('ENTRY_ROOT', 'a root that revokes its author', rootPolicy('n', { ...adminKey, revoked: true }))
  root('ENTRY_POLICY', 'a root that names a policy', { policy: len(7, idA) })
  root('ENTRY_HEIGHT', 'a root of height 1', { height: num(4, 1) })
  root('ENTRY_NONCE', 'a root without a nonce', { nonce: none })
  root('ENTRY_NONCE', 'a root with a nonce of 15 bytes', { nonce: len(9, new Uint8Array(15)) })

  child('ENTRY_PARENTS', 'no parents', { parents: none })
  child('ENTRY_PARENTS', 'unsorted parents', { parents: many(3, [idB, idA]) })
  child('ENTRY_PARENTS', 'a parent twice', { parents: many(3, [idA, idA]) })
  child('ENTRY_PARENTS', 'a parent of 33 bytes', { parents: len(3, join(idA, hex('00'))) })
  child('ENTRY_PARENTS', '257 parents', { parents: many(3, madeUpIds(257)) })
  child('ENTRY_HEIGHT', 'a child of height 0', { height: none })
  child('ENTRY_NONCE', 'a nonce of 33 bytes', { nonce: len(9, new Uint8Array(33)) })

  child('ENTRY_POLICY', 'unsorted policy entries', { policy: many(7, [idB, idA]) })
  child('ENTRY_POLICY', 'a policy entry twice', { policy: many(7, [idA, idA]) })
  child('ENTRY_POLICY', 'a policy entry of 31 bytes', { policy: len(7, idA.slice(1)) })
  child('ENTRY_POLICY', '65 policy entries', { policy: many(7, madeUpIds(65)) })
  const policy = (name: string, payload: Uint8Array) =>
    changed('ENTRY_POLICY', name, change('_policy', '', payload))
  const key = (name: string, bytes: Uint8Array) => policy(name, len(3, bytes))
  const bobKey = { peer: peerBytes(bob), permission: 1 }
  policy('a policy change that is no message', hex('ff'))
  policy('a policy change with an unknown field', num(4, 1))
  policy('a policy change with a default written', num(2, 0))
  policy('public access that does not exist', num(2, 4))
  policy('public access of -1', num(2, 2n ** 64n - 1n))
  policy('a tree name outside of the root', len(1, utf8('n')))
  policy('1,025 keys', many(3, Array<Uint8Array>(1025).fill(policyKey(bobKey))))
  key('a key of 31 bytes', policyKey({ ...bobKey, peer: bobKey.peer.slice(1) }))
  key('no key', num(2, 1))
  key('a permission that does not exist', policyKey({ ...bobKey, permission: 4 }))
  key("a key's name of 129 bytes", policyKey({ ...bobKey, name: 'n'.repeat(129) }))
  key("a key's name that is not UTF-8", join(policyKey(bobKey), len(3, hex('ff'))))
  key('revoked as 2', join(policyKey(bobKey), num(4, 2)))
  key('last entries unsorted', policyKey({ ...bobKey, revoked: true, lastAccepted: [idB, idA] }))
  key('a last entry of 31 bytes', policyKey({ ...bobKey, revoked: true, lastAccepted: [idA.slice(1)] }))
  key('last entries without a revocation', policyKey({ ...bobKey, lastAccepted: [idA] }))
  policy('a key twice', many(3, [policyKey(bobKey), policyKey({ ...bobKey, revoked: true })]))
  const change1 = change('_policy', '', num(2, 1))
  changed('ENTRY_POLICY', 'two policy changes', change1, change1)
  key('65 last entries', policyKey({ ...bobKey, revoked: true, lastAccepted: madeUpIds(65) }))

  child('ENTRY_CHANGES', '1,025 changes', { changes: many(8, Array<Uint8Array>(1025).fill(change('s'))) })
  changed('ENTRY_CHANGES', 'a change without a store', change('', 'add', hex('01')))
  changed('ENTRY_CHANGES', 'an empty change', none)
  changed('ENTRY_CHANGES', 'a reserved store', change('_other', 'add'))
  changed('ENTRY_CHANGES', 'a store with a line feed', change('lo\ng'))
  changed('ENTRY_CHANGES', 'a store with a delete character', change('log\x7f'))
  changed('ENTRY_CHANGES', 'a store with a control character of two bytes', change('log\u0085'))
  changed('ENTRY_CHANGES', 'a kind with NUL', change('log', '\0'))
  changed('ENTRY_CHANGES', 'a store of 65 bytes', change('s'.repeat(65)))
  changed('ENTRY_CHANGES', 'a store of 33 characters in 66 bytes', change('é'.repeat(33)))
  changed('ENTRY_CHANGES', 'a kind of 65 bytes', change('log', 'k'.repeat(65)))

  const signed = (name: string, body: Uint8Array, signature: Uint8Array) =>
    vectors.push({
      name,
      code: 'ENTRY_SIGNATURE',
      decidedBy: signature.length === 64 ? 'signature' : 'body',
      body: compact(body),
      signature: bytesToHex(signature),
    })
  const right = sign(alice, honest)
  signed('no signature', honest, none)
  signed('a signature of 63 bytes', honest, right.slice(0, 63))
  signed('a signature of 65 bytes', honest, join(right, hex('00')))
  signed('a signature with a bit flipped in R', honest, right.with(5, right[5]! ^ 1))
  signed('a signature with a bit flipped in S', honest, right.with(40, right[40]! ^ 1))
  const later = bodyOf(childParts(alice, tree, [parent], 2, { time: num(6, time + 1) }))
  signed('the signature of another body', later, right)
  signed("another key's signature", honest, sign(bob, honest))
  signed('a signature without the domain', honest, alice.sign('', honest))
  signed('a signature of another domain', honest, alice.sign('causeway.proof.v1\0', honest))
  signed('a signature with S + L', honest, malleate(right))
  signed('a signature whose R has small order', honest, signWithSmallR(alice, honest))
  signed(
    'a signature that holds only with the cofactor',
    ...signMixed(
      (attempt) =>
        bodyOf(
          childParts(alice, tree, [parent], 2, { author: len(5, mixedAuthor), time: num(6, attempt + 1) }),
        ),
      false,
    ),
  )
  signed(
    'an author that is no point of the curve',
    bodyOf(childParts(alice, tree, [parent], 2, { author: len(5, hex(`02${'00'.repeat(31)}`)) })),
    right,
  )

  const known = (names: readonly string[]): KnownParent[] =>
    names.map((name) => {
      const { id, fields } = valid.find((candidate) => candidate.id === idOf(valid, name))!
      return { id, tree: fields.tree ?? id, height: fields.height }
    })
  const placed = (
    code: EntryErrorCode,
    name: string,
    author: Identity,
    parts: Parts,
    knownNames: readonly string[],
  ) => {
    const body = bodyOf(parts)
    vectors.push({
      name,
      code,
      decidedBy: 'parents',
      body: compact(body),
      signature: bytesToHex(sign(author, body)),
      known: known(knownNames),
    })
  }
  const rootName = 'root, everybody may write'
  const other = idOf(valid, 'root, nobody else may read')
  const second = idOf(valid, 'child by another author, a second tip')
  placed('ENTRY_MISSING_PARENT', 'no parent is known', alice, childParts(alice, tree, [parent], 2), [
    rootName,
  ])
  placed(
    'ENTRY_MISSING_PARENT',
    'one of two parents is not known',
    alice,
    childParts(alice, tree, [parent, second], 2),
    [rootName, 'child'],
  )
  placed('ENTRY_TREE', 'a parent in another tree', alice, childParts(alice, tree, [other], 1), [
    'root, nobody else may read',
  ])
  placed(
    'ENTRY_TREE',
    'one of two parents in another tree',
    alice,
    childParts(alice, tree, [parent, other], 2),
    ['child', 'root, nobody else may read'],
  )
  placed(
    'ENTRY_TREE',
    'names a tree that is not that of its parent',
    alice,
    childParts(alice, other, [parent], 2),
    ['child'],
  )
  placed('ENTRY_HEIGHT', 'height too low', alice, childParts(alice, tree, [parent], 1), ['child'])
  placed('ENTRY_HEIGHT', 'height too high', alice, childParts(alice, tree, [parent], 3), ['child'])
  placed(
    'ENTRY_HEIGHT',
    'height over the lower of two parents',
    alice,
    childParts(alice, tree, [tree, parent], 1),
    [rootName, 'child'],
  )
  const of = (name: string) => valid.find((candidate) => candidate.name === name)!
  const closed = of('root, nobody else may read')
  const grant = of('grants a writer and a reader')
  const granted = of('by the granted writer, ruled by the newer policy')
  const revoked = of('revokes a writer but keeps what it wrote, and lets everybody read')
  const ruled = (
    code: EntryErrorCode,
    name: string,
    author: Identity,
    rulers: readonly ValidVector[],
    parents: readonly ValidVector[],
    overrides: Partial<Parts> = {},
  ) => {
    const height = 1 + Math.max(...parents.map((one) => one.fields.height))
    const policy = many(
      7,
      rulers
        .map(({ id }) => id)
        .sort()
        .map(hex),
    )
    const ids = parents.map(({ id }) => id)
    const body = bodyOf(childParts(author, closed.id, ids, height, { policy, ...overrides }))
    const signature = bytesToHex(sign(author, body))
    vectors.push({ name, code, decidedBy: 'policy', body: compact(body), signature })
  }
  const revokes = (...last: ValidVector[]) => ({
    changes: len(
      8,
      policyChange('', 0, [
        policyKey({ peer: peerBytes(alice), revoked: true, lastAccepted: last.map(({ id }) => hex(id)) }),
      ]),
    ),
  })
  ruled('ENTRY_POLICY', "the root's policy named, which goes without saying", bob, [closed], [closed])
  ruled('ENTRY_POLICY', 'no policy named where a later one rules', bob, [], [grant])
  ruled('ENTRY_POLICY', 'an older policy than the one that rules', alice, [grant], [revoked])
  ruled('ENTRY_POLICY', 'a newer policy than the one that rules', bob, [revoked], [granted])
  ruled('ENTRY_POLICY', 'a policy beside the one that is above it', bob, [grant, revoked], [granted, revoked])
  ruled('ENTRY_POLICY', 'a policy that is no policy entry', bob, [granted], [granted])
  ruled('ENTRY_POLICY', 'last entries that are no parents', bob, [grant], [grant], revokes(granted))
  ruled('ENTRY_POLICY', "last entries that are not the key's", bob, [grant], [grant], revokes(grant))
  ruled('ENTRY_FORBIDDEN', 'by somebody whom the policy does not name', vectorIdentity(9), [grant], [grant])
  ruled('ENTRY_FORBIDDEN', 'by a writer, before it was granted', alice, [], [closed])
  ruled('ENTRY_FORBIDDEN', 'by a reader', carol, [grant], [grant])
  ruled('ENTRY_FORBIDDEN', 'a change of the policy by a writer', alice, [grant], [granted], revokes(granted))
  ruled('ENTRY_FORBIDDEN', 'by a revoked writer', alice, [revoked], [revoked])
  return vectors
}
