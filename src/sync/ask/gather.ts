/**
 * A first sync from several remotes at once. One of them tells the outline of what is missing, chunk by chunk in (height,
 * id) order; each chunk is fetched from whichever source is free, checked against the outline, and stored in that order,
 * so the store is valid after every page. A source that is lost, silent or lies is left out by name and its chunks come
 * from another. Whatever is wrong with this costs time only: a session afterwards compares as ever.
 */

import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { checkChunks, type RangeChunk } from '../../dag/difference/ranges.ts'
import type { SignedEntry } from '../../dag/entry.ts'
import type { EntryId, Position, TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { askRange, keyOf, positionOf } from '../ranges.ts'
import type { Remote } from '../remote.ts'
import type { SessionLocal } from './exchange.ts'
import { Differs, Fetch } from './gather-fetch.ts'
import { Pipeline } from './pipeline.ts'
import { protocol, type SessionProgress } from './transfer.ts'

export interface Source {
  readonly peer: PeerId
  readonly remote: Remote
}

/** What one source gave. */
export interface SourceReport {
  readonly peer: PeerId
  /** Entries from it that were new here. */
  readonly entries: number
  /** Why it was left out. */
  readonly error?: CausewayError | undefined
}

export interface GatherOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: SessionProgress) => void) | undefined
}

/** A source and how it does. */
interface Taken {
  readonly source: Source
  entries: number
  fetching: number
  error: CausewayError | undefined
  /** It and the outline disagree on a chunk: it gets no more until that is settled. */
  disputes: boolean
}

/** A chunk of the outline. */
interface Piece {
  readonly after: Position | undefined
  readonly chunk: RangeChunk
  readonly outlinedBy: Taken
  /** Sources that sent something else: now who outlined it has to send it. */
  readonly disputedBy: Taken[]
  fetch: { readonly stream: Fetch; readonly from: Taken } | undefined
}

/** A page that was not right, and whose it was. */
class Bad extends Error {
  readonly piece: Piece
  readonly from: Taken
  override readonly cause: CausewayError | Differs

  constructor(piece: Piece, from: Taken, cause: CausewayError | Differs) {
    super(cause.message)
    this.piece = piece
    this.from = from
    this.cause = cause
  }
}

/** How many entries a remote has, for the price of one small exchange. */
export async function countAt(
  remote: Remote,
  tree: TreeId,
  signal: AbortSignal | undefined,
): Promise<number> {
  const beyond: Position = { height: Number.MAX_SAFE_INTEGER, id: 'ff'.repeat(32) as EntryId }
  const range = { after: beyond, chunks: [], complete: true, outline: true }
  const answer = await remote.syncTree({ tree, tips: [], tipsDigest: '', count: 0, range }, { signal })
  await answer.pages[Symbol.asyncIterator]().return?.()
  return answer.header.count
}

export class Gathering {
  received = 0
  redundant = 0
  private readonly local: SessionLocal
  private readonly tree: TreeId
  private readonly options: GatherOptions
  private readonly taken: Taken[] = []
  /** Sources that may still come. */
  private coming = 0
  private pieces: Piece[] = []
  /** The piece that is being stored. */
  private head = 0
  private expected = 0
  private sizing: Disposable | undefined
  /** Who tells the outline, where the first one began, up to where it has, and whether that is all. */
  private outliner: Taken | undefined
  private begun = false
  private start: Position | undefined
  private outlined: Position | undefined
  private outlining: Promise<void> | undefined
  private complete = false
  private failure: unknown
  private readonly streams = new Set<Fetch>()
  private running = false
  private wake = () => {}

  constructor(local: SessionLocal, tree: TreeId, options: GatherOptions = {}) {
    this.local = local
    this.tree = tree
    this.options = options
  }

  /** Takes from this source too, from now on. */
  join(source: Source): void {
    if (this.taken.length >= limits.gatherSources) return
    this.taken.push({ source, entries: 0, fetching: 0, error: undefined, disputes: false })
    this.changed()
  }

  /** Takes from a source that is not there yet as soon as it is, and does not end for want of others before. */
  expect(source: Promise<Source>): void {
    this.coming++
    source
      .then(
        (come) => this.join(come),
        () => {},
      )
      .finally(() => {
        this.coming--
        this.changed()
      })
  }

  /** The sources that were not left out, the one that told the outline first. */
  get trusted(): Source[] {
    const good = this.taken.filter(({ error }) => error === undefined)
    return [
      ...good.filter((each) => each === this.outliner),
      ...good.filter((each) => each !== this.outliner),
    ].map(({ source }) => source)
  }

  reports(): SourceReport[] {
    return this.taken.map(({ source, entries, error }) => ({ peer: source.peer, entries, error }))
  }

  /** Runs until all that the outline has is here. Rejects when no source is left, or our own store fails. */
  async run(): Promise<void> {
    let pipeline = new Pipeline(limits.sessionPagesTakenIn)
    this.running = true
    try {
      for (;;) {
        this.options.signal?.throwIfAborted()
        this.assign()
        const changed = this.change()
        const piece = this.pieces[this.head]
        try {
          if (piece?.fetch !== undefined) {
            const { stream, from } = piece.fetch
            const page = await stream.next().catch((error: unknown) => {
              throw new Bad(piece, from, error instanceof Differs ? error : CausewayError.from(error))
            })
            if (page === undefined) this.passed(piece)
            else await pipeline.add(() => this.store(piece, from, page))
          } else if (piece === undefined && this.complete) {
            await pipeline.drain()
            return
          } else await changed
        } catch (error) {
          await pipeline.settle()
          pipeline = new Pipeline(limits.sessionPagesTakenIn)
          if (!(error instanceof Bad)) throw error
          this.replace(error)
        }
        if (this.failure !== undefined) throw this.failure
      }
    } finally {
      this.running = false
      await pipeline.settle()
      for (const stream of this.streams) stream.abort()
      await Promise.all([...this.streams].map(({ over }) => over))
      await this.outlining
      this.sizing?.[Symbol.dispose]()
    }
  }

  private async store(piece: Piece, from: Taken, page: readonly SignedEntry[]): Promise<void> {
    const { added, known, refused } = await this.local.ingest
      .page(this.tree, page)
      .catch((error: unknown) => {
        const { code } = CausewayError.from(error)
        // A page past the bounds is the source's, all else is ours.
        if (code === 'LIMIT_EXCEEDED') throw new Bad(piece, from, CausewayError.from(error))
        throw error
      })
    this.received += added.length
    this.redundant += known
    from.entries += added.length
    const { received } = this
    this.options.onProgress?.({ received, expected: Math.max(this.expected, received), sent: 0, toSend: 0 })
    const [first] = refused
    if (first === undefined) return
    const forged = refused.find(({ error }) => error.code !== 'ENTRY_MISSING_PARENT')
    if (forged !== undefined)
      throw new Bad(
        piece,
        from,
        protocol(
          `The remote sent an entry that is not valid: ${forged.error.message}`,
          { entry: forged.id, code: forged.error.code },
          forged.error,
        ),
      )
    throw new Bad(
      piece,
      from,
      new Differs(`The remote sent an entry before its parents: ${first.error.message}`),
    )
  }

  /** A piece has come to its end, as the outline has it. */
  private passed(piece: Piece): void {
    this.head++
    for (const each of piece.disputedBy.splice(0))
      this.leaveOut(
        each,
        protocol('The remote sent other entries of a chunk than the remote that it was told by has.'),
      )
    // What was stored a few pieces ago is done with.
    const done = this.pieces[this.head - 1 - limits.sessionPagesTakenIn]
    if (done !== undefined) done.fetch = undefined
  }

  /** Sees to it that a piece which went wrong comes from somebody else. */
  private replace({ piece, from, cause }: Bad): void {
    const index = this.pieces.indexOf(piece)
    if (!(cause instanceof Differs)) this.leaveOut(from, cause)
    else if (from === piece.outlinedBy)
      this.leaveOut(from, protocol(`The remote does not have what it told that it has. ${cause.message}`))
    else {
      from.disputes = true
      piece.disputedBy.push(from)
    }
    if (index === -1) return
    // Later pieces of which pages were tried already stand on it, so they come again too.
    for (const again of this.pieces.slice(index, Math.max(index, this.head) + 1)) {
      again.fetch?.stream.abort()
      again.fetch = undefined
    }
    this.head = Math.min(this.head, index)
    // With who outlined it gone, nobody can settle whether this source is wrong.
    if (cause instanceof Differs && piece.outlinedBy.error !== undefined) this.outlineAnew()
  }

  private leaveOut(each: Taken, error: CausewayError): void {
    each.error ??= error
    for (const piece of this.pieces.slice(this.head))
      if (piece.fetch?.from === each && !piece.fetch.stream.complete) {
        piece.fetch.stream.abort()
        piece.fetch = undefined
      }
    if (each === this.outliner) this.outliner = undefined
    // Nobody can settle what others have disputed: another outline begins here.
    if (this.pieces.some(({ outlinedBy, disputedBy }) => outlinedBy === each && disputedBy.length > 0))
      this.outlineAnew()
  }

  private outlineAnew(): void {
    for (const piece of this.pieces.splice(this.head)) piece.fetch?.stream.abort()
    const last = this.pieces.at(-1)
    this.outlined = last === undefined ? this.start : positionOf(last.chunk.last)
    this.complete = false
    for (const each of this.taken) each.disputes = false
  }

  /** Starts whatever can be started: the next part of the outline, and fetches of pieces that are not too far ahead. */
  private assign(): void {
    const alive = this.taken.filter(({ error }) => error === undefined)
    if (alive.length === 0) {
      if (this.coming > 0) return
      if (this.complete && this.pieces.slice(this.head).every(({ fetch }) => fetch?.stream.complete)) return
      throw this.nobody()
    }
    const ahead = this.head + limits.gatherChunksAhead * alive.length
    if (!this.complete && this.outlining === undefined && this.pieces.length < ahead) {
      this.outliner ??= alive.find(({ disputes }) => !disputes) ?? alive[0]!
      this.outlining = this.outline(this.outliner).finally(() => {
        this.outlining = undefined
        this.changed()
      })
    }
    for (const [index, piece] of this.pieces.slice(this.head, ahead).entries()) {
      if (piece.fetch !== undefined) continue
      const free = alive
        .filter((each) => (piece.disputedBy.length > 0 ? each === piece.outlinedBy : !each.disputes))
        // What is to be stored next never waits for a turn.
        .filter(({ fetching }) => index === 0 || fetching < limits.gatherChunksAtOnce)
        .sort((a, b) => a.fetching - b.fetching)[0]
      if (free !== undefined) this.fetch(piece, free)
      else if (index === 0 && alive.every(({ disputes }) => disputes)) this.outlineAnew()
    }
  }

  private fetch(piece: Piece, from: Taken): void {
    const { clock } = this.local
    const { after, chunk } = piece
    const { signal } = this.options
    const stream = new Fetch({ remote: from.source.remote, clock, tree: this.tree, after, chunk, signal })
    piece.fetch = { stream, from }
    from.fetching++
    this.streams.add(stream)
    void stream.over.then(() => {
      from.fetching--
      this.streams.delete(stream)
      this.changed()
    })
  }

  /** Asks for the next part of the outline; at first with what is here, so that a first sync which was cut goes on. */
  private async outline(from: Taken): Promise<void> {
    const { store } = this.local
    const { tree, options } = this
    try {
      await using view = this.begun ? undefined : await store.view(tree)
      const range =
        view === undefined
          ? { after: this.outlined, chunks: [], complete: true }
          : await askRange(store, view, undefined)
      const request = {
        tree,
        tips: [],
        tipsDigest: '',
        count: view?.count ?? 0,
        range: { ...range, outline: true },
      }
      const answer = await from.source.remote.syncTree(request, { signal: options.signal })
      await answer.pages[Symbol.asyncIterator]().return?.()
      if (from.error !== undefined) return
      const { range: told, count } = answer.header
      if (answer.header.status !== 'range' || told === undefined)
        throw protocol('The remote did not answer the question for an outline.')
      this.expected = count
      this.sizing ??= store.sketches.expect(tree, count)
      const ours = range.chunks.at(-1)
      if (!this.begun) this.outlined = this.start = ours && positionOf(ours.last)
      this.begun = true
      let after = this.outlined
      // Where something differs before our last entry, or we have too much to tell, a session does better.
      const chunks = told.spans.length > 0 || !range.complete ? [] : (told.chunks ?? [])
      checkChunks(after && keyOf(after), chunks)
      for (const chunk of chunks) {
        this.pieces.push({ after, chunk, outlinedBy: from, disputedBy: [], fetch: undefined })
        after = positionOf(chunk.last)
      }
      this.outlined = after
      this.complete = told.through === undefined || chunks.length === 0
    } catch (error) {
      if (options.signal?.aborted) this.failure = error
      else this.leaveOut(from, CausewayError.from(error))
    }
  }

  private nobody(): CausewayError {
    const { error } = this.taken.at(-1)!
    return error ?? new CausewayError('UNREACHABLE', 'No peer is left to take entries from.')
  }

  /** Something may be started now, and whoever waits looks again. */
  private changed(): void {
    if (!this.running) return
    try {
      this.assign()
    } catch (error) {
      this.failure = error
    }
    this.wake()
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve
    })
  }
}
