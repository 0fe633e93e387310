/**
 * Who may use the node's page: a one-time link becomes a session of two secrets. The browser keeps the first in a cookie
 * that no script reads, and the page itself keeps the second, which no other origin reads, not even another port of this
 * host, to which browsers send the same cookies. A call needs both. The store has only their hashes.
 */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { sha256Hex } from '../../dag/crypto.ts'
import type { Database } from '../../store/database/open.ts'
import { Records } from '../../store/database/records.ts'

/** The length of each secret. */
const secretBytes = 32

/** A session as the store has it, by the hash of its cookie. */
interface Session {
  /** The SHA-256 of the page's own secret, hex. */
  readonly key: string
  /** When it ends, milliseconds since 1970. */
  readonly untilMs: number
}

/** The two secrets of a new session. */
export interface Granted {
  readonly cookie: string
  readonly key: string
  readonly untilMs: number
}

export class PageSessions {
  private readonly clock: Clock
  private readonly records: Records<Session>
  /** Until when each link that nobody has used may be opened, by the hash of its secret. A restart forgets them. */
  private readonly links = new Map<string, number>()

  private constructor(records: Records<Session>, clock: Clock) {
    this.records = records
    this.clock = clock
  }

  static async open(db: Database, clock: Clock): Promise<PageSessions> {
    return new PageSessions(await Records.open<Session>(db, 'page-sessions'), clock)
  }

  /** Returns the secret of a new link, and when it expires. Past `limits.pageLinks` the oldest one ends. */
  createLink(): { readonly secret: string; readonly untilMs: number } {
    if (this.links.size >= limits.pageLinks) this.links.delete(this.links.keys().next().value!)
    const secret = this.newSecret()
    const untilMs = this.clock.now() + limits.pageLinkMs
    this.links.set(hashOf(secret), untilMs)
    return { secret, untilMs }
  }

  /** Spends a link. Returns a new session, or undefined if there is no such link, or it was used, or has expired. */
  async redeem(secret: string): Promise<Granted | undefined> {
    const untilMs = this.links.get(hashOf(secret))
    this.links.delete(hashOf(secret))
    const now = this.clock.now()
    if (untilMs === undefined || untilMs <= now) return undefined
    const granted = {
      cookie: this.newSecret(),
      key: this.newSecret(),
      untilMs: now + limits.pageSessionMs,
    }
    await this.makeRoom(now)
    const session = { key: hashOf(granted.key), untilMs: granted.untilMs }
    await this.records.set(hashOf(granted.cookie), session)
    return granted
  }

  /** Returns until when the session of a cookie lasts, or undefined if there is none. */
  holds(cookie: string): number | undefined {
    const session = this.records.get(hashOf(cookie))
    return session !== undefined && this.clock.now() < session.untilMs ? session.untilMs : undefined
  }

  /** Returns until when the session of both secrets lasts, or undefined if they are not of one. */
  proves(cookie: string, key: string): number | undefined {
    return this.records.get(hashOf(cookie))?.key === hashOf(key) ? this.holds(cookie) : undefined
  }

  /** Ends all sessions and links. Returns how many sessions had not expired. */
  async end(): Promise<number> {
    this.links.clear()
    const now = this.clock.now()
    const open = [...this.records.values()].filter(({ untilMs }) => now < untilMs).length
    await this.records.deleteWhere(() => true)
    return open
  }

  /** Removes the sessions that have expired, and the oldest ones past the bound. */
  private async makeRoom(now: number): Promise<void> {
    const oldestFirst = [...this.records.entries()].sort(([, a], [, b]) => a.untilMs - b.untilMs)
    const most = limits.pageSessions - 1
    const gone = oldestFirst.filter(
      ([, { untilMs }], index) => untilMs <= now || index < oldestFirst.length - most,
    )
    if (gone.length > 0) await this.records.delete(gone.map(([hash]) => hash))
  }

  private newSecret(): string {
    return Buffer.from(this.clock.randomBytes(secretBytes)).toString('base64url')
  }
}

function hashOf(secret: string): string {
  return sha256Hex(new TextEncoder().encode(secret))
}
