/**
 * The proofs that were spent, on disk, so that they stay spent after a restart. Callers have accounts, so that nobody
 * fills the table for others: operators, known peers and strangers have separate shares; in them each known issuer has
 * an account of its own, and strangers share one by origin, since keys are free.
 */
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { Database } from '../../store/database/open.ts'
import { Records } from '../../store/database/records.ts'

export type Share = 'operator' | 'known' | 'stranger'

interface SpentProof {
  /** When it may be forgotten. */
  readonly untilMs: number
  /** The account that it counts in. */
  readonly share: Share
  readonly account: string
}

/** Who spends a proof. */
export interface Spender {
  readonly share: Share
  /** The issuer, or the origin of a stranger. */
  readonly account: string
}

export class SpentProofs {
  private readonly clock: Clock
  private readonly records: Records<SpentProof>
  /** Keys of the records that are being written. */
  private readonly writes = new Set<string>()
  /** Numbers of records, by share and by account. */
  private readonly counts = new Map<string, number>()
  private lastSweepMs = Number.NEGATIVE_INFINITY

  private constructor(clock: Clock, records: Records<SpentProof>) {
    this.clock = clock
    this.records = records
    for (const record of records.values()) this.count(record, 1)
  }

  static async open(clock: Clock, db: Database): Promise<SpentProofs> {
    return new SpentProofs(clock, await Records.open<SpentProof>(db, 'proofs'))
  }

  /**
   * Records that a proof was used. Returns false if it was before. Throws RESOURCE_EXHAUSTED if the spender's account,
   * or all of its share, is full.
   */
  async spend(key: string, untilMs: number, { share, account }: Spender): Promise<boolean> {
    const { records, writes } = this
    if (records.get(key) !== undefined || writes.has(key)) return false
    const record = { untilMs, share, account }
    // Counted before anything is awaited, so that calls at the same time do not pass the bounds together.
    writes.add(key)
    this.count(record, 1)
    try {
      if (this.isOver(record)) await this.sweep()
      if (this.isOver(record))
        throw new CausewayError(
          'RESOURCE_EXHAUSTED',
          `The node has received too many proofs from your ${share === 'stranger' ? 'address' : 'key'} recently: keep using one connection, or try again in ${limits.proofTtlMs} ms.`,
          { data: { retryAfterMs: limits.proofTtlMs } },
        )
      await records.set(key, record)
      return true
    } catch (error) {
      this.count(record, -1)
      throw error
    } finally {
      writes.delete(key)
    }
  }

  private isOver({ share, account }: SpentProof): boolean {
    const { counts } = this
    const most = share === 'stranger' ? limits.proofsPerOrigin : limits.proofsPerPeer
    return (
      (counts.get(share) ?? 0) > limits.proofsRemembered || (counts.get(`${share} ${account}`) ?? 0) > most
    )
  }

  private count({ share, account }: SpentProof, by: number): void {
    for (const key of [share, `${share} ${account}`]) {
      const count = (this.counts.get(key) ?? 0) + by
      if (count > 0) this.counts.set(key, count)
      else this.counts.delete(key)
    }
  }

  /** Forgets the proofs that have expired. It reads the whole table, so it runs at most once in a while. */
  private async sweep(): Promise<void> {
    const { clock, records } = this
    if (clock.monotonic() - this.lastSweepMs < limits.proofSweepMs) return
    this.lastSweepMs = clock.monotonic()
    const nowMs = clock.now()
    const expired = [...records.entries()].filter(([, { untilMs }]) => untilMs <= nowMs)
    if (expired.length === 0) return
    await records.delete(expired.map(([key]) => key))
    for (const [, record] of expired) this.count(record, -1)
  }
}
