/**
 * Makes one process the owner of a database of the caller's, since two nodes over one database overwrite each other's
 * arrivals without an error. LevelDB locks its folder; any other database may be open in several processes, so it holds
 * a record of its owner, who gives a sign of life there. A second owner waits for a lease without one, and then takes the
 * next epoch. An owner that was paused that long finds that epoch before its next write, and fails.
 *
 * An abstract-level database has no conditional writes. So between the look at the record and the arrival of a batch
 * there is a moment in which a process can be stopped for longer than the lease. Such a batch is not acknowledged. Every
 * batch says who wrote it, and one of a former owner makes the new owner stop at its next beat: it may have overwritten
 * records.
 */
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { type Clock, sleep } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { bytesToHex } from '../../dag/hex.ts'
import type { BatchOperation } from '../engine/engine.ts'
import type { Database } from './database.ts'
import { storeError } from './errors.ts'

/** Who owns a database. */
interface OwnerRecord {
  /** Random, for each claim. */
  readonly owner: string
  /** Grows with each claim. */
  readonly epoch: number
  /** Changes with each sign of life. */
  readonly beat: number
  /** Whether the owner has closed the database. */
  readonly released?: boolean
}

/** A moment, by both clocks. */
interface Time {
  readonly monotonic: number
  readonly wall: number
}

/** A look at the records. */
interface Look {
  readonly record: OwnerRecord | undefined
  readonly writer: string | undefined
  /** When it began. */
  readonly time: Time
}

const ownerKey = Buffer.from('!database-owner!')
/** The key of who wrote last. */
const writerKey = Buffer.from('!database-writer!')
const encodings = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const

type Options = Record<string, unknown>
/** The methods of a database that write, open or close it. */
interface Methods {
  batch(operations?: readonly BatchOperation[], options?: Options): unknown
  put(key: Buffer, value: Buffer, options?: Options): Promise<void>
  del(key: Buffer, options?: Options): Promise<void>
  clear(options?: Options): Promise<void>
  close(): Promise<void>
}
interface Chained {
  put(key: Buffer, value: Buffer, options: Options): unknown
  write(options?: Options): Promise<void>
}

const ownerships = new WeakMap<Database, Ownership>()

/**
 * Makes this process the owner of a database until the database is closed. Throws STORE_LOCKED if another node owns it,
 * here or in another process, and closes the database unless that node uses the same object.
 */
export async function ownDatabase(db: Database, clock: Clock): Promise<void> {
  const ownership = ownerships.get(db) ?? new Ownership(db, clock)
  ownerships.set(db, ownership)
  if (ownership.isHeld) throw lockedError('A node of this process uses this database already.')
  try {
    await ownership.hold()
  } catch (error) {
    await db.close()
    throw storeError(error, 'The owner of the database could not be read')
  }
}

/** After a reopening: makes this process the owner again, if it was. Throws STORE_LOCKED. */
export async function ownAgain(db: Database): Promise<void> {
  await ownerships.get(db)?.hold()
}

function lockedError(message: string, epoch?: number): CausewayError {
  return new CausewayError(
    'STORE_LOCKED',
    `${message} Close it there first: one node at a time owns a database.`,
    {
      ...(epoch !== undefined && { data: { epoch } }),
    },
  )
}

/** The ownership of one database object, held or not. */
class Ownership {
  isHeld = false
  private readonly db: Database
  private readonly clock: Clock
  private readonly methods: Methods
  /** Undefined for databases that no other process can open. */
  private record: OwnerRecord | undefined
  /** When the record was surely ours, by both clocks: the monotonic one stands still while a machine sleeps. */
  private seen: Time = { monotonic: 0, wall: 0 }
  /** Why nothing is written any more. */
  private failure: CausewayError | undefined
  private stopBeats = () => {}

  constructor(db: Database, clock: Clock) {
    this.db = db
    this.clock = clock
    const { batch, put, del, clear, close } = db as unknown as Methods
    const methods = { batch, put, del, clear, close }
    for (const [name, method] of Object.entries(methods))
      Object.assign(methods, { [name]: (method as (...args: never[]) => unknown).bind(db) })
    this.methods = methods
    Object.assign(db, { close: () => this.close() })
    if (!isExclusive(db)) this.guardWrites()
  }

  /** Becomes the owner. Throws STORE_LOCKED. */
  async hold(): Promise<void> {
    this.isHeld = true
    this.failure = undefined
    if (isExclusive(this.db)) return
    try {
      await this.claim()
    } catch (error) {
      this.isHeld = false
      throw error
    }
    this.beatLater()
  }

  private async claim(): Promise<void> {
    const { record: found, time } = await this.freeRecord()
    const owner = bytesToHex(this.clock.randomBytes(16))
    this.record = { owner, epoch: (found?.epoch ?? 0) + 1, beat: 0 }
    await this.methods.batch([this.operation(this.record), this.mark()], { sync: true })
    // Of two that claim it at once the later one wins, and the earlier one finds that here. If the look and the claim took
    // longer than the other waits, the other may write already: until its next beat.
    const isSlow = this.since(time) >= limits.ownerSettleMs
    await sleep(this.clock, isSlow ? limits.ownerLeaseMs : limits.ownerSettleMs)
    await this.confirm()
  }

  /** Looks until no owner lives, and returns the last look. Throws STORE_LOCKED if one does. */
  private async freeRecord(): Promise<Look> {
    const first = await this.read()
    let found = first
    // A lease, in looks: an owner that lives changes the record meanwhile, and time may jump.
    for (let look = 0; look < limits.ownerLooks; look++) {
      const { record } = found
      if (record === undefined || record.released) return found
      if (record.owner !== first.record!.owner || record.beat !== first.record!.beat)
        throw lockedError('Another process uses this database.', record.epoch)
      await sleep(this.clock, limits.ownerLeaseMs / limits.ownerLooks)
      found = await this.read()
    }
    return found
  }

  private async read(): Promise<Look> {
    const time = this.time()
    const [record, writer] = await this.db.getMany([ownerKey, writerKey], encodings)
    return { record: record && parse(record), writer: writer?.toString(), time }
  }

  private operation(record: OwnerRecord): BatchOperation {
    return { type: 'put', key: ownerKey, value: Buffer.from(JSON.stringify(record)), ...encodings }
  }

  /** Returns the operation that says who wrote a batch. */
  private mark(): BatchOperation {
    return { type: 'put', key: writerKey, value: Buffer.from(this.record!.owner), ...encodings }
  }

  private time(): Time {
    return { monotonic: this.clock.monotonic(), wall: this.clock.now() }
  }

  /** Whether no other can have become the owner since the record was last ours. */
  private get isFresh(): boolean {
    return this.since(this.seen) < limits.ownerLeaseMs / 2
  }

  private since({ monotonic, wall }: Time): number {
    const now = this.time()
    return Math.max(now.monotonic - monotonic, now.wall - wall)
  }

  /** Looks whether the record is ours, and nobody else writes. Throws STORE_LOCKED for ever otherwise. */
  private async confirm(): Promise<void> {
    const { record, writer, time } = await this.read()
    const { owner } = this.record!
    if (record?.owner !== owner || writer !== owner) {
      this.failure = lockedError(
        record?.owner === owner
          ? 'A process that was stopped, and owned this database before, has written to it.'
          : 'Another process has become the owner of this database.',
        record?.epoch,
      )
      this.stopBeats()
      throw this.failure
    }
    this.seen = time
  }

  private beatLater(): void {
    this.stopBeats = this.clock.setTimer(limits.ownerLeaseMs / 4, () => {
      // A failed beat shows in the next write, which looks at the record itself.
      void this.beat()
        .catch(() => {})
        .then(() => {
          if (this.isHeld && this.failure === undefined) this.beatLater()
        })
    })
  }

  private async beat(): Promise<void> {
    await this.confirm()
    this.record = { ...this.record!, beat: this.record!.beat + 1 }
    await this.methods.batch([this.operation(this.record)])
  }

  /** Writes as the owner, with a mark that says so. A write that came when another was the owner is not acknowledged. */
  private async write(send: (mark: BatchOperation) => Promise<unknown>): Promise<void> {
    if (this.failure !== undefined) throw this.failure
    if (!this.isFresh) await this.confirm()
    await send(this.mark())
    if (!this.isFresh) await this.confirm()
  }

  private guardWrites(): void {
    const { methods } = this
    const batch = (operations?: readonly BatchOperation[], options?: Options) => {
      if (!this.isHeld) return methods.batch(operations, options)
      if (operations === undefined) return this.guardChain(methods.batch() as Chained)
      return this.write((mark) => methods.batch([...operations, mark], options) as Promise<void>)
    }
    const single = (operation: Options, options: Options = {}) =>
      batch([{ ...options, ...operation } as unknown as BatchOperation], options)
    Object.assign(this.db, {
      batch,
      put: (key: Buffer, value: Buffer, options?: Options) => single({ type: 'put', key, value }, options),
      del: (key: Buffer, options?: Options) => single({ type: 'del', key }, options),
      clear: (options?: Options) =>
        this.isHeld
          ? this.write(async (mark) => {
              await methods.batch([mark])
              await methods.clear(options)
            })
          : methods.clear(options),
    })
  }

  private guardChain(chain: Chained): Chained {
    const write = chain.write.bind(chain)
    chain.write = (options) =>
      this.write((mark) => {
        if (mark.type === 'put') chain.put(mark.key, mark.value, encodings)
        return write(options)
      })
    return chain
  }

  /** Gives the database to the next owner, and closes it. */
  private async close(): Promise<void> {
    const { isHeld, record, failure } = this
    this.isHeld = false
    this.stopBeats()
    if (isHeld && record !== undefined && failure === undefined && this.db.status === 'open')
      // The next owner waits for a lease if this fails.
      await this.confirm()
        .then(() => this.methods.batch([this.operation({ ...record, released: true })]))
        .catch(() => {})
    await this.methods.close()
  }
}

/** Returns whether no other process can have the database open. */
function isExclusive(db: Database): boolean {
  const level: unknown = db
  return level instanceof ClassicLevel || level instanceof MemoryLevel
}

/** Returns the record, or one of nobody if it is damaged. */
function parse(value: Buffer): OwnerRecord {
  try {
    return JSON.parse(value.toString()) as OwnerRecord
  } catch {
    return { owner: '', epoch: 0, beat: 0 }
  }
}
