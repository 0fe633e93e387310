/**
 * Writes entries.json: `npx tsx conformance/vectors/make-entries.ts`. Everything follows from fixed seeds, so the
 * file stays the same byte for byte until the format of entries changes; a test checks that.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type EntryVectors, entriesFile } from './format.ts'
import { invalidEntries } from './invalid-entries.ts'
import { validEntries } from './valid-entries.ts'

const about = [
  'Golden vectors of Causeway entries (proto/causeway/v1/entry.proto), for implementations in any language.',
  'signature = Ed25519(author, "causeway.entry.v1\\0" || body); id = SHA-256(signature || body); cid = CIDv1(raw, sha2-256, base32).',
  'Ed25519 is verified by RFC 8032 without the cofactor: S < L, and author and R neither of small order nor past the prime.',
  'Bytes are lowercase hex, or a list of pieces, each hex or {"repeat": hex, "times": n}. Lists of changes use {"repeat": change, "times": n} too.',
  "valid: parents first. seed: the author's 32-byte Ed25519 seed, null where the key has none; signing the body with it gives the signature.",
  "valid[].fields: the decoded body (tree is null in a root). root: what the root's policy states. alone: the parents are not in this file, so check all but the place in the tree.",
  'invalid: one fault each. code: the exact error code. decidedBy: "body" (the bytes, before any cryptography), "signature", "parents" (all else holds), or "policy".',
  'invalid with decidedBy "policy": the parents are valid vectors, and all holds but what the policy says. valid[].void: void once all of valid is there.',
  'invalid[].known: with decidedBy "parents", all the entries that are known; a parent that is not among them is missing.',
  'Entries with several faults are invalid too, but which of their codes is given is not fixed.',
]

export function makeEntryVectors(): string {
  const valid = validEntries()
  const vectors: EntryVectors = { about, valid, invalid: invalidEntries(valid) }
  return `${JSON.stringify(vectors, null, 1)}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(entriesFile, makeEntryVectors())
}
