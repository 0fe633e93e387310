/**
 * With which digest a session with a peer last ended equal: only a hint, which saves the next session the cells of its
 * first question. Kept in a fixed number of slots, chosen by a hash of peer and tree, so that strangers cannot make it
 * grow; who loses a slot just sends some cells more.
 */
import { sha256Hex } from '../dag/crypto.ts'
import { hexToBytes } from '../dag/hex.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { Database } from '../store/open.ts'

/** 65,536 slots of some 60 bytes: at most 4 MB. */
const slotDigits = 4
/** Tells apart those that share a slot. */
const checkDigits = 28

export class LastEqual {
  private readonly slots: ReturnType<typeof slotsOf>

  constructor(db: Database) {
    this.slots = slotsOf(db)
  }

  /** The digest, hex; undefined where none is known. */
  async get(peer: PeerId, tree: TreeId): Promise<string | undefined> {
    const { slot, check } = place(peer, tree)
    const value = (await this.slots.get(slot))?.toString('hex')
    return value?.startsWith(check) ? value.slice(checkDigits) : undefined
  }

  async set(peer: PeerId, tree: TreeId, digest: string): Promise<void> {
    const { slot, check } = place(peer, tree)
    await this.slots.put(slot, Buffer.from(check + digest, 'hex'))
  }
}

function slotsOf(db: Database) {
  return db.sublevel<string, Buffer>('equal', { keyEncoding: 'utf8', valueEncoding: 'buffer' })
}

function place(peer: PeerId, tree: TreeId): { slot: string; check: string } {
  const hash = sha256Hex(hexToBytes(peer + tree))
  return { slot: hash.slice(0, slotDigits), check: hash.slice(slotDigits, slotDigits + checkDigits) }
}
