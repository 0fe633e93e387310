/**
 * Data folders for benchmarks, in a temporary folder that is removed with the run: empty folders, and trees of a given
 * size, which are built once and copied if a case changes them.
 */
import { randomBytes } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PeerProcess } from './process.ts'

/** A tree on disk. */
export interface PreparedTree {
  readonly folder: string
  readonly tree: string
  /** The number of entries, including the root. */
  readonly count: number
  /** The bytes of bodies and signatures. */
  readonly bytes: number
}

export class Stores implements Disposable {
  private readonly root = mkdtempSync(join(tmpdir(), 'causeway-bench-'))
  private readonly prepared = new Map<number, Promise<PreparedTree>>()
  private next = 0

  /** Returns a new empty folder. */
  empty(): string {
    const folder = join(this.root, `empty-${this.next++}`)
    mkdirSync(folder)
    return folder
  }

  /** Returns the tree of the shape's first `entries` entries. All cases share it, so a node opens a copy of it. */
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

  /** Returns a copy of a prepared tree with a key of its own: each copy is another node. */
  copy({ folder }: PreparedTree): string {
    const copy = this.empty()
    cpSync(join(folder, 'store'), join(copy, 'store'), { recursive: true })
    writeFileSync(join(copy, 'identity.key'), `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
    return copy
  }

  remove(folder: string): void {
    rmSync(folder, { recursive: true, force: true })
  }

  [Symbol.dispose](): void {
    this.remove(this.root)
  }
}
