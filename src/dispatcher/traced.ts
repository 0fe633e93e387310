/**
 * Spans of what the dispatcher does. Each continues the traces of the commits that it carries on. A push or a session
 * finds them by the pages since the mark, an event by what the peer says, and a session that an event made due by that
 * event.
 */
import { limits } from '../base/limits.ts'
import type { OpenSpan, TraceContext, Tracing } from '../base/tracing/tracing.ts'
import { entryBytes, type SignedEntry } from '../dag/entry.ts'
import { formatId } from '../dag/id.ts'
import type { Link } from '../peer/links.ts'
import type { TreeReader } from '../store/read/tree-reader.ts'
import type { WatchEvent } from '../sync/answer/tree-watch.ts'
import type { SessionResult } from '../sync/ask/session.ts'
import type { LinkRun } from './link-run.ts'
import type { Mark } from './outbox.ts'

/** The events whose entries a session of the link has yet to bring: the last `limits.traceLinks`. */
const announced = new WeakMap<LinkRun, readonly TraceContext[]>()

function describeLink({ tree, peer }: Link) {
  return { 'causeway.tree': formatId(tree), 'causeway.peer': peer }
}

function describeEntries(entries: readonly SignedEntry[]) {
  const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0)
  return { 'causeway.entries': entries.length, 'causeway.bytes': bytes }
}

/** Returns the spans of what a link's peer lacks, as far as they are known. */
function contextsSince(store: TreeReader, { tree }: Link, mark: Mark | undefined) {
  if (mark === undefined || mark.from === 0) return []
  return store.traces.between(tree, mark.from - 1, store.tree(tree)?.sequence ?? 0)
}

/** Runs a push as a span. */
export function tracePush<Result>(
  tracing: Tracing,
  { store, link, mark, entries }: PushedEntries,
  push: () => Promise<Result>,
): Promise<Result> {
  const attributes = { ...describeLink(link), ...describeEntries(entries) }
  return tracing.run('causeway.push', { parents: contextsSince(store, link, mark), attributes }, push)
}

interface PushedEntries {
  readonly store: TreeReader
  readonly link: Link
  readonly mark: Mark
  readonly entries: readonly SignedEntry[]
}

/** Runs a session of a link as a span. */
export function traceSession(
  tracing: Tracing,
  store: TreeReader,
  run: LinkRun,
  mark: Mark | undefined,
  session: () => Promise<SessionResult>,
): Promise<SessionResult> {
  const waiting = announced.get(run) ?? []
  announced.delete(run)
  const parents = [...contextsSince(store, run.link, mark), ...waiting].slice(0, limits.traceLinks)
  return tracing.run('causeway.session', { parents, attributes: describeLink(run.link) }, async (span) => {
    const result = await session()
    describeResult(span, result)
    return result
  })
}

function describeResult(span: OpenSpan, { received, sent }: SessionResult): void {
  span.set({ 'causeway.entries.received': received, 'causeway.entries.sent': sent })
}

/** Applies an event of a watch as a span. */
export async function traceEvent(
  tracing: Tracing,
  run: LinkRun,
  { entries, traces = [] }: WatchEvent,
  apply: () => Promise<void>,
): Promise<void> {
  const attributes = { ...describeLink(run.link), ...describeEntries(entries) }
  await tracing.run('causeway.event', { kind: 'CONSUMER', parents: traces, attributes }, async (span) => {
    await apply()
    const waiting = announced.get(run) ?? []
    if (!run.wanted) announced.delete(run)
    else if (traces.length > 0) announced.set(run, [...waiting, span.context].slice(-limits.traceLinks))
  })
}
