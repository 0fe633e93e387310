/**
 * Ways to break one rule each, for the tests of the kit: every one must fail the case that it names, with the number of
 * its rule. Some change an answer of the adapter, others put a handler before its node that changes what crosses.
 */
import { sha256Hex } from '../../src/dag/crypto.ts'
import { bytesToHex, hexToBytes } from '../../src/dag/hex.ts'
import { createIdentity } from '../../src/dag/identity.ts'
import type { Mutation } from './mutation.ts'
import { asking, serving } from './mutations-of-calls.ts'
import { findingMutations, nodes } from './mutations-of-nodes.ts'

/** Takes entries with this code as if they were valid. */
const accepting = (code: string, rule: string, finds: string): Mutation => ({
  ...{ rule, finds: `entries: ${finds}` },
  answer: ({ results = [] }) => {
    for (const result of results) if (result.code === code) result.code = ''
  },
})

const entriesAndKeys: Readonly<Record<string, Mutation>> = {
  'signs under another domain': {
    ...{ rule: 'E2', finds: 'author: signs: child' },
    answer(answer, { seed }) {
      const { body } = answer
      answer.signature = bytesToHex(
        createIdentity(hexToBytes(seed)).sign('causeway.entry.v2\0', hexToBytes(body)),
      )
    },
  },
  'hashes the body alone': {
    ...{ rule: 'E3', finds: 'entries: valid: child' },
    answer({ results }, { entries }) {
      for (const [index, { body }] of entries.entries()) results[index].id = sha256Hex(hexToBytes(body))
    },
  },
  'takes what is not canonical': accepting('ENTRY_NOT_CANONICAL', 'E4', 'invalid: the height twice'),
  'takes unknown fields': accepting('ENTRY_MALFORMED', 'E4', 'invalid: unknown field 10'),
  'verifies no signature': accepting('ENTRY_SIGNATURE', 'E5', "invalid: another key's signature"),
  'verifies with the cofactor': accepting(
    'ENTRY_SIGNATURE',
    'E5',
    'invalid: a signature that holds only with the cofactor',
  ),
  'takes signatures of no domain': accepting(
    'ENTRY_SIGNATURE',
    'E2',
    'invalid: a signature without the domain',
  ),
  'takes orphans': accepting('ENTRY_MISSING_PARENT', 'E6', 'place: the parent has not come'),
  'takes any height': accepting('ENTRY_HEIGHT', 'E6', 'place: the height is too high'),
  'takes authors of small order': accepting('ENTRY_AUTHOR', 'E12', 'invalid: author of order 2'),
  'takes R of small order': accepting(
    'ENTRY_SIGNATURE',
    'E13',
    'invalid: a signature whose R has small order',
  ),
  'takes S past L': accepting('ENTRY_SIGNATURE', 'E13', 'invalid: a signature with S + L'),
  'takes 257 parents': accepting('ENTRY_PARENTS', 'E14', 'invalid: 257 parents'),
  'takes any policy': accepting('ENTRY_POLICY', 'P5', 'invalid: an older policy than the one that rules'),
  'asks for no right': accepting('ENTRY_FORBIDDEN', 'P7', 'invalid: by a reader'),
  'forgets revocations': accepting('ENTRY_FORBIDDEN', 'P9', 'invalid: by a revoked writer'),
  'takes a key twice': accepting('ENTRY_POLICY', 'P10', 'invalid: a key twice'),
  'takes two admins in a root': accepting('ENTRY_ROOT', 'P11', 'invalid: a root that names another admin'),
  'takes last entries of others': accepting(
    'ENTRY_POLICY',
    'P13',
    'invalid: last entries that are no parents',
  ),
  'counts the root as a tip': {
    ...{ rule: 'E9', finds: 'entries: a set in two orders: seed 1' },
    answer: ({ trees }) => trees[0].tips.push(trees[0].tree),
  },
  'digests tips in descending order': {
    ...{ rule: 'E10', finds: 'entries: a set in two orders: seed 1' },
    answer({ trees: [tree] }) {
      tree.digest = sha256Hex(...[...tree.tips].sort().reverse().map(hexToBytes))
    },
  },
  'counts one too many': {
    ...{ rule: 'E11', finds: 'entries: a set in two orders: seed 1' },
    answer: ({ trees }) => trees[0].count++,
  },
  'reads ids in capitals': {
    ...{ rule: 'E15', finds: 'entries: texts that are no id' },
    answer(answer, { text }) {
      if (answer.error !== undefined && text === text.toUpperCase()) delete answer.error
    },
  },
  'takes the ids of other codecs': {
    ...{ rule: 'E15', finds: 'entries: texts that are no id' },
    answer(answer, { text }, action) {
      if (action === 'id' && text?.startsWith('bafybei')) delete answer.error
    },
  },
  'takes keys in capitals': {
    ...{ rule: 'E15', finds: 'entries: texts that are no PeerId' },
    answer(answer, { text }, action) {
      if (action === 'peer' && /^[0-9A-F]{64}$/.test(text)) delete answer.error
    },
  },
  'takes tickets with two trees': {
    ...{ rule: 'F1', finds: 'reader: no ticket: two trees' },
    answer: (answer) => delete answer.error,
  },
  'gives all addresses to the issuer': {
    ...{ rule: 'F2', finds: 'reader: ticket: the issuer after its addresses' },
    answer(answer) {
      const [issuer, ...others] = answer.peers ?? []
      for (const other of others) issuer.addresses.push(...other.addresses.splice(0))
    },
  },
  'keeps what is escaped wrong': {
    ...{ rule: 'F3', finds: 'reader: no ticket: a percent sign before other letters' },
    answer: (answer) => delete answer.error,
  },
  'refuses tickets of newer versions': {
    ...{ rule: 'F4', finds: 'reader: ticket: parameters of a newer version, one without a value' },
    answer(answer, _, action) {
      if (action === 'ticket') delete answer.tree
    },
  },
  'escapes nothing': {
    ...{ rule: 'F5', finds: 'reader: ticket: an address that needs escaping' },
    answer(answer) {
      if (answer.text !== undefined) answer.text = decodeURIComponent(answer.text)
    },
  },
  'takes tickets of any length': {
    ...{ rule: 'F6', finds: 'reader: no ticket: 32,769 characters' },
    answer: (answer) => delete answer.error,
  },
  'believes keys of small order': {
    ...{ rule: 'H4', finds: 'author: no handshake: by a key of small order' },
    answer(answer) {
      answer.holds = true
    },
  },
  'forgets void entries in one order': {
    ...{ rule: 'P18', finds: 'policy: in every order: what a revocation hits that is void itself' },
    answer({ trees: [tree] }, { entries }) {
      // As a program does that judges each entry once, when it comes.
      if (entries.at(-1).body.includes('656e7472')) tree.void = []
    },
  },
  'finds nothing void': {
    ...{ rule: 'P23', finds: 'policy: the void vectors in order 1' },
    answer({ trees: [tree] }) {
      tree.void = []
    },
  },
  'bounds no policy': {
    ...{ rule: 'P6', finds: 'policy: bound: 512 revocations' },
    answer: ({ results = [] }) => {
      for (const result of results) if (result.code === 'ENTRY_POLICY') result.code = ''
    },
  },
  'bounds no point': {
    ...{ rule: 'P6', finds: 'policy: bound: 64 members of a point' },
    answer: ({ results = [] }) => {
      for (const result of results) if (result.code === 'ENTRY_POLICY') result.code = ''
    },
  },
  'finds what follows void too': {
    ...{ rule: 'P26', finds: 'policy: the void vectors in order 1' },
    answer: ({ trees: [tree] }) => tree.void.push(tree.tips[0]),
  },
  'names no policy': {
    ...{ rule: 'P4', finds: 'policy: place: policy tree 1' },
    answer(answer) {
      answer.body = answer.body.replace(/3a20.{64}/, '')
    },
  },
  'binds by SHA-256 always': {
    ...{ rule: 'C2', finds: 'author: binding: ecdsa-sha384' },
    answer(answer, { der }) {
      answer.binding = `tls:${sha256Hex(hexToBytes(der))}`
    },
  },
  'believes every server': {
    ...{ rule: 'H4', finds: 'author: handshake: no binding' },
    answer(answer) {
      answer.holds = true
    },
  },
  'leaves the binding out of tokens': {
    ...{ rule: 'I1', finds: 'author: token: the own certificate' },
    answer(answer) {
      const [header, , signature] = answer.token.split('.')
      answer.token = [header, Buffer.from('{}').toString('base64url'), signature].join('.')
    },
  },
  'reports no lie': {
    ...{ rule: 'E5', finds: 'reader: a server that sends a signature with a bit flipped' },
    answer(answer) {
      answer.code = ''
    },
  },
  'takes any server': {
    ...{ rule: 'H5', finds: 'reader: from another server than expected' },
    answer(answer) {
      answer.code = ''
    },
  },
  'loses the last page': {
    ...{ rule: 'S3', finds: 'reader: a whole tree in many pages' },
    answer(answer) {
      answer.ids.pop()
    },
  },
}

/** All mutations by their names. */
export const mutations: Readonly<Record<string, Mutation>> = {
  ...entriesAndKeys,
  ...named('serves: ', serving),
  ...named('asks: ', asking),
  ...named('as a node: ', nodes),
  ...findingMutations,
}

function named(prefix: string, some: Readonly<Record<string, Mutation>>): Record<string, Mutation> {
  return Object.fromEntries(Object.entries(some).map(([name, mutation]) => [prefix + name, mutation]))
}
