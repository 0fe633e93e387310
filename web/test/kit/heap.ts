/** What a page takes of memory, as the browser's own debugger counts it, and snapshots of its heap. */
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { CDPSession } from 'playwright-core'

export interface Use {
  readonly heap: number
  readonly nodes: number
  readonly listeners: number
}

/** Counts what is left once everything that nothing holds is collected. */
export async function useOf(session: CDPSession): Promise<Use> {
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize: heap } = await session.send('Runtime.getHeapUsage')
  const { nodes, jsEventListeners: listeners } = await session.send('Memory.getDOMCounters')
  return { heap, nodes, listeners }
}

/** The least of each of some measurements: what is there when nothing is under way. */
export function least(uses: readonly Use[]): Use {
  const of = (name: keyof Use) => Math.min(...uses.map((use) => use[name]))
  return { heap: of('heap'), nodes: of('nodes'), listeners: of('listeners') }
}

/** Writes all objects of the page and what holds them into a file, which the browser's developer tools open and compare. */
export async function writeSnapshot(session: CDPSession, path: string): Promise<void> {
  const file = createWriteStream(path)
  const write = ({ chunk }: { readonly chunk: string }) => file.write(chunk)
  session.on('HeapProfiler.addHeapSnapshotChunk', write)
  try {
    await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  } finally {
    session.off('HeapProfiler.addHeapSnapshotChunk', write)
    file.end()
  }
  await finished(file)
}
