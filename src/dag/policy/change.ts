/**
 * The payload of a change in the store `_policy`: who may do what. It is read as strictly as a body, since a root's
 * policy and a revocation must mean the same to every peer. Counts are checked first, since a mebibyte of empty keys
 * would otherwise block the main thread for seconds.
 */
import { create } from '@bufbuild/protobuf'
import {
  Permission,
  type PolicyChange,
  PolicyChangeSchema,
  type PolicyKey,
  PolicyKeySchema,
  PublicAccess,
} from '../../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { Fields, none, refuse, Writer } from '../canonical.ts'
import { bytesToHex } from '../hex.ts'

const idBytes = 32
const keysRepeat = (field: number) => field === 3
const acceptedRepeats = (field: number) => field === 5

/** Decodes the payload of a change in the policy store. Throws ENTRY_POLICY for anything else. */
export function decodePolicyChange(payload: Uint8Array): PolicyChange {
  try {
    return readPolicyChange(payload)
  } catch (error) {
    if (!(error instanceof CausewayError) || error.code === 'ENTRY_POLICY') throw error
    throw new CausewayError('ENTRY_POLICY', `A policy change could not be read. ${error.message}`, {
      cause: error,
    })
  }
}

/** Returns the canonical encoding of a policy change. */
export function encodePolicyChange(
  policy: Pick<PolicyChange, 'treeName' | 'publicAccess' | 'keys'>,
): Uint8Array {
  const out = new Writer()
  out.text(1, policy.treeName, 'ENTRY_ROOT')
  out.number(2, policy.publicAccess, 'ENTRY_POLICY')
  for (const key of policy.keys) out.view(3, encodeKey(key), true)
  return out.finish()
}

function encodeKey(key: PolicyKey): Uint8Array {
  const out = new Writer()
  out.view(1, key.peer)
  out.number(2, key.permission, 'ENTRY_POLICY')
  out.text(3, key.name, 'ENTRY_POLICY')
  out.number(4, key.revoked ? 1 : 0, 'ENTRY_POLICY')
  for (const id of key.lastAccepted) out.view(5, id, true)
  return out.finish()
}

function readPolicyChange(payload: Uint8Array): PolicyChange {
  const fields = new Fields(payload)
  let treeName = ''
  let publicAccess = PublicAccess.UNSPECIFIED
  const keys: PolicyKey[] = []
  const peers = new Set<string>()
  // Ends: `next` moves on in the bytes, and returns false at their end.
  while (fields.next(keysRepeat)) {
    if (fields.field === 1) treeName = fields.text(payload.length, 'ENTRY_POLICY')
    else if (fields.field === 2) publicAccess = member(fields, PublicAccess.WRITE)
    else if (fields.field === 3) {
      if (keys.length === limits.policyKeys)
        refuse('ENTRY_POLICY', `A policy change has at most ${limits.policyKeys} keys.`)
      const key = readKey(fields.view(true))
      keys.push(key)
      if (peers.size === peers.add(bytesToHex(key.peer)).size)
        refuse('ENTRY_POLICY', 'A policy change names each key once, got one twice.')
    } else fields.unknown()
  }
  return create(PolicyChangeSchema, { treeName, publicAccess, keys })
}

function readKey(bytes: Uint8Array): PolicyKey {
  const fields = new Fields(bytes)
  let peer = none
  let permission = Permission.UNSPECIFIED
  let keyName = ''
  let revoked = false
  const lastAccepted: Uint8Array[] = []
  let previous = ''
  // Ends: `next` moves on in the bytes, and returns false at their end.
  while (fields.next(acceptedRepeats)) {
    if (fields.field === 1) peer = fields.view()
    else if (fields.field === 2) permission = member(fields, Permission.ADMIN)
    else if (fields.field === 3) keyName = fields.text(limits.nameBytes, 'ENTRY_POLICY')
    else if (fields.field === 4) revoked = member(fields, 1) === 1
    else if (fields.field === 5) {
      if (lastAccepted.length === limits.policyLastAccepted)
        refuse('ENTRY_POLICY', `A revocation has at most ${limits.policyLastAccepted} last accepted entries.`)
      const id = fields.view(true)
      const hex = bytesToHex(id)
      if (id.length !== idBytes || hex <= previous)
        refuse('ENTRY_POLICY', 'The last accepted entries are ids of 32 bytes in strictly ascending order.')
      lastAccepted.push(id)
      previous = hex
    } else fields.unknown()
  }
  if (peer.length !== idBytes)
    refuse('ENTRY_POLICY', `A key in the policy has ${idBytes} bytes, got ${peer.length}.`)
  if (!revoked && lastAccepted.length > 0)
    refuse('ENTRY_POLICY', 'Only a revocation has last accepted entries, got some without one.')
  return create(PolicyKeySchema, { peer, permission, name: keyName, revoked, lastAccepted })
}

/** Reads a member of a closed enum. Other numbers mean something only to later versions. */
function member(fields: Fields, highest: number): number {
  const value = fields.number()
  if (value > highest) refuse('ENTRY_POLICY', `Field ${fields.field} is at most ${highest}, got ${value}.`)
  return value
}
