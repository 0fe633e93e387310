/**
 * Remembers the digest and count at which a session with a peer last ended equal. It is only a hint: it saves the next
 * session the cells of its first request, or the counts after them. A hash of the tree and the peer picks one of a
 * fixed number of slots, so strangers cannot make the table grow; a session that lost its slot just sends some more
 * cells.
 */
import { sha256Hex } from '../dag/crypto.ts'
import { hexToBytes } from '../dag/hex.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { Database } from '../store/database/open.ts'
import type { TreeDigest } from '../store/store.ts'

/** 65,536 slots of some 70 bytes: at most 5 MB. */
const slotDigits = 4
/** Digits of the hash that distinguish links that share a slot. */
const checkDigits = 28
const digestDigits = 64
const countDigits = 16

export class LastEqual {
  private readonly slots: ReturnType<typeof slotsOf>

  constructor(db: Database) {
    this.slots = slotsOf(db)
  }

  /** Returns the digest at the last equality, or undefined if none is known. */
  async get(tree: TreeId, peer: PeerId): Promise<TreeDigest | undefined> {
    const { slot, check } = place(tree, peer)
    const value = (await this.slots.get(slot))?.toString('hex')
    if (!value?.startsWith(check) || value.length !== checkDigits + digestDigits + countDigits)
      return undefined
    const digest = value.slice(checkDigits)
    return {
      tipsDigest: digest.slice(0, digestDigits),
      count: Number.parseInt(digest.slice(digestDigits), 16),
    }
  }

  async set(tree: TreeId, peer: PeerId, { tipsDigest, count }: TreeDigest): Promise<void> {
    const { slot, check } = place(tree, peer)
    const record = check + tipsDigest + count.toString(16).padStart(countDigits, '0')
    await this.slots.put(slot, Buffer.from(record, 'hex'))
  }

  /** Forgets the equalities of a tree with these peers. */
  async forget(tree: TreeId, peers: readonly PeerId[]): Promise<void> {
    for (const peer of peers)
      if ((await this.get(tree, peer)) !== undefined) await this.slots.del(place(tree, peer).slot)
  }
}

function slotsOf(db: Database) {
  return db.sublevel<string, Buffer>('equal', { keyEncoding: 'utf8', valueEncoding: 'buffer' })
}

function place(tree: TreeId, peer: PeerId): { slot: string; check: string } {
  const hash = sha256Hex(hexToBytes(peer + tree))
  return { slot: hash.slice(0, slotDigits), check: hash.slice(slotDigits, slotDigits + checkDigits) }
}
