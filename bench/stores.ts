/**
 * Data folders for benchmarks, in a temporary folder that goes with the run: trees of a given size, built once and copied
 * where a case changes them, and empty ones.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PeerProcess } from './process.ts'

/** A tree on the disk. */
export interface PreparedTree {
  readonly folder: string
  readonly tree: string
  /** With the root. */
  readonly count: number
  /** Of bodies and signatures. */
  readonly bytes: number
}

export class Stores implements Disposable {
  private readonly root = mkdtempSync(join(tmpdir(), 'causeway-bench-'))
  private readonly prepared = new Map<number, Promise<PreparedTree>>()
  private next = 0

  /** A folder that nobody has used. */
  empty(): string {
    const folder = join(this.root, `empty-${this.next++}`)
    mkdirSync(folder)
    return folder
  }

  /** The tree of the shape's first `entries`; for reading, since all cases share it. */
  tree(entries: number): Promise<PreparedTree> {
    let prepared = this.prepared.get(entries)
    if (prepared === undefined) {
      prepared = this.prepare(entries)
      this.prepared.set(entries, prepared)
    }
    return prepared
  }

  private async prepare(entries: number): Promise<PreparedTree> {
    const folder = this.empty()
    await using process = new PeerProcess('prepare')
    return { folder, ...(await process.call('prepare', { folder, entries })) }
  }

  /** A copy of a prepared tree with no key of its own, so each copy becomes another node. */
  copy({ folder }: PreparedTree): string {
    const copy = this.empty()
    cpSync(join(folder, 'store'), join(copy, 'store'), { recursive: true })
    return copy
  }

  remove(folder: string): void {
    rmSync(folder, { recursive: true, force: true })
  }

  [Symbol.dispose](): void {
    this.remove(this.root)
  }
}
