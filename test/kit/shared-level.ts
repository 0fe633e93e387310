/**
 * A database that several processes can have open at once, as one on a server: the test's process holds the rows, and
 * each client calls it, in the same process or by messages. Nothing keeps two clients from overwriting each other.
 */
import type { ChildProcess } from 'node:child_process'
import {
  AbstractIterator,
  type AbstractIteratorOptions,
  AbstractLevel,
  AbstractSnapshot,
} from 'abstract-level'
import { MemoryLevel } from 'memory-level'
import type { Database } from '../../src/store/database/open.ts'
import type { BatchOperation } from '../../src/store/engine/engine.ts'

type Row = [Buffer, Buffer]
type Operation = { type: 'put' | 'del'; key: Buffer; value?: Buffer }
type Range = Partial<Record<'gt' | 'gte' | 'lt' | 'lte', Buffer>> & { reverse?: boolean; limit?: number }

/** What a client asks the host for. `snapshot` is a number that the client chose. */
type Request =
  | { type: 'get'; keys: Buffer[]; snapshot?: number | undefined }
  | { type: 'rows'; range: Range; snapshot?: number | undefined }
  | { type: 'write'; operations: Operation[] }
  | { type: 'clear'; range: Range }
  | { type: 'snapshot'; snapshot: number }

type Answer = readonly (Buffer | undefined)[] | readonly Row[] | undefined
type Ask = (request: Request) => Promise<Answer>

/** The rows. Requests of all clients are carried out one after another. */
export class SharedHost {
  readonly level = new MemoryLevel<Buffer, Buffer>({
    ...{ keyEncoding: 'buffer', valueEncoding: 'buffer', storeEncoding: 'buffer' },
  })
  /** Called with every write that comes, before it is carried out. */
  onWrite: () => Promise<void> = async () => {}

  /** Returns the function by which a client asks. */
  client(): Ask {
    const snapshots = new Map<number, object>()
    return async (request): Promise<Answer> => {
      const { level } = this
      const at =
        'snapshot' in request && request.snapshot !== undefined ? snapshots.get(request.snapshot) : undefined
      const options = (at === undefined ? {} : { snapshot: at }) as object
      switch (request.type) {
        case 'get':
          return (await level.getMany(request.keys, options)) as (Buffer | undefined)[]
        case 'rows':
          return level.iterator({ ...request.range, ...options }).all()
        case 'snapshot':
          snapshots.set(request.snapshot, level.snapshot())
          return undefined
        case 'write':
          await this.onWrite()
          await level.batch(request.operations as BatchOperation[] as never)
          return undefined
        case 'clear':
          await this.onWrite()
          await level.clear(request.range)
          return undefined
      }
    }
  }

  /** Answers a child that opened `openFromParent`. */
  serve(child: ChildProcess): void {
    const ask = this.client()
    child.on('message', ({ ask: request, id }: { ask?: Request; id: number }) => {
      if (request === undefined) return
      ask(request).then(
        (answer) => child.connected && child.send({ id, answer }, () => {}),
        (error) => child.connected && child.send({ id, error: String(error) }, () => {}),
      )
    })
  }
}

/** Returns a database of this process on the rows of the host. */
export function openShared(ask: Ask): Database {
  return new SharedLevel(ask) as unknown as Database
}

/** In a child that a test has forked with `serialization: 'advanced'`: a database on the rows of the parent. */
export function openFromParent(): Database {
  const waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>()
  let last = 0
  process.on('message', ({ id, answer, error }: { id?: number; answer: Answer; error?: string }) => {
    const call = id === undefined ? undefined : waiting.get(id)
    if (call === undefined) return
    waiting.delete(id!)
    if (error === undefined) call.resolve(answer)
    else call.reject(new Error(error))
  })
  return openShared(
    (ask) =>
      new Promise((resolve, reject) => {
        waiting.set(++last, { resolve, reject })
        process.send!({ id: last, ask })
      }),
  )
}

class SharedLevel extends AbstractLevel<Buffer, Buffer, Buffer> {
  readonly ask: Ask
  private snapshots = 0

  constructor(ask: Ask) {
    super(
      {
        ...{ encodings: { buffer: true }, seek: true, has: true },
        ...{ implicitSnapshots: true, explicitSnapshots: true },
      } as never,
      { keyEncoding: 'buffer', valueEncoding: 'buffer' },
    )
    this.ask = ask
  }

  async _get(key: Buffer, options: object): Promise<Buffer | undefined> {
    return (await this._getMany([key], options))[0]
  }

  async _getMany(keys: Buffer[], options: object): Promise<(Buffer | undefined)[]> {
    return (await this.ask({ type: 'get', keys, snapshot: numberOf(options) })) as (Buffer | undefined)[]
  }

  async _has(key: Buffer, options: object): Promise<boolean> {
    return (await this._get(key, options)) !== undefined
  }

  async _hasMany(keys: Buffer[], options: object): Promise<boolean[]> {
    return (await this._getMany(keys, options)).map((value) => value !== undefined)
  }

  _put = (key: Buffer, value: Buffer) => this._batch([{ type: 'put', key, value }])
  _del = (key: Buffer) => this._batch([{ type: 'del', key }])

  async _batch(operations: Operation[]): Promise<void> {
    const plain = operations.map(({ type, key, value }) =>
      type === 'put' ? { type, key, value: value! } : { type, key },
    )
    await this.ask({ type: 'write', operations: plain })
  }

  async _clear(options: object): Promise<void> {
    await this.ask({ type: 'clear', range: rangeOf(options) })
  }

  _iterator(options: AbstractIteratorOptions<Buffer, Buffer>) {
    return new SharedIterator(this, options)
  }

  _snapshot(options: object): AbstractSnapshot {
    const number = ++this.snapshots
    // Requests are answered in order, so what is asked next sees it.
    void this.ask({ type: 'snapshot', snapshot: number })
    return Object.assign(
      new (AbstractSnapshot as unknown as new (options: object) => AbstractSnapshot)(options),
      {
        number,
        _close: async () => {},
      },
    )
  }
}

class SharedIterator extends AbstractIterator<SharedLevel, Buffer, Buffer> {
  private readonly reverse: boolean
  private readonly rows: Promise<Row[]>
  private at = 0
  /** Where to go on, by a seek since the last read. */
  private target: Buffer | undefined

  constructor(db: SharedLevel, options: AbstractIteratorOptions<Buffer, Buffer>) {
    super(db, options as never)
    this.reverse = options.reverse ?? false
    // The limit is one of reads, which a seek does not use up.
    const { limit: _, ...range } = rangeOf(options)
    this.rows = db.ask({ type: 'rows', range, snapshot: numberOf(options) }) as Promise<Row[]>
    this.rows.catch(() => {})
  }

  async _next(): Promise<Row | undefined> {
    return (await this._nextv(1))[0]
  }

  async _nextv(size: number): Promise<Row[]> {
    const rows = await this.rows
    if (this.target !== undefined) this.at = placeOf(rows, this.target, this.reverse)
    this.target = undefined
    const some = rows.slice(this.at, this.at + size)
    this.at += some.length
    return some.map(([key, value]) => [key, value])
  }

  async _all(): Promise<Row[]> {
    return this._nextv(this.limit - this.count)
  }

  _seek(target: Buffer): void {
    this.target = target
  }
}

function placeOf(rows: readonly Row[], target: Buffer, reverse: boolean): number {
  const place = rows.findIndex(([key]) => {
    const order = Buffer.compare(key, target)
    return reverse ? order <= 0 : order >= 0
  })
  return place < 0 ? rows.length : place
}

function numberOf(options: object): number | undefined {
  return (options as { snapshot?: { number: number } }).snapshot?.number
}

function rangeOf(options: object): Range {
  const { gt, gte, lt, lte, reverse, limit } = options as Range
  return {
    ...(gt && { gt }),
    ...(gte && { gte }),
    ...(lt && { lt }),
    ...(lte && { lte }),
    ...(reverse !== undefined && { reverse }),
    ...(limit !== undefined && { limit }),
  }
}
