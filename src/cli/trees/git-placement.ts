/**
 * Where the commits of a repository stand in a tree. A commit that is there already keeps its entry, unless the
 * repository now has parents of it that the entry does not stand on: the clone was shallow when it was imported, and was
 * deepened since. Then the commit is imported again, and so is what stands on it.
 */
import type { EntryId, TreeId } from '../../dag/id.ts'
import type { ListedCommit } from './git-history.ts'

/** An imported commit's entry. */
export interface PlacedCommit {
  readonly id: EntryId
  readonly height: number
  readonly parents: readonly EntryId[]
}

export class Placement {
  private readonly tree: TreeId
  /** All entries of each commit, by git's name. */
  private readonly imported = new Map<string, PlacedCommit[]>()
  /** The entry on which children of a commit stand from now on. */
  private readonly chosen = new Map<string, PlacedCommit>()

  constructor(tree: TreeId) {
    this.tree = tree
  }

  /** Adds an entry that the tree has already. */
  addImported(name: string, placed: PlacedCommit): void {
    const entries = this.imported.get(name)
    if (entries === undefined) this.imported.set(name, [placed])
    else entries.push(placed)
  }

  /** Returns how many different commits the tree has. */
  get size(): number {
    return this.imported.size
  }

  has(name: string): boolean {
    return this.imported.has(name)
  }

  /** Returns those of the commits, listed parents first, that need an entry. */
  missing(commits: readonly ListedCommit[]): string[] {
    const missing: string[] = []
    for (const { name, parents } of commits) {
      const on = parents.map((parent) => this.chosen.get(parent)?.id)
      const entry = this.imported
        .get(name)
        ?.filter((each) => on.every((id) => id !== undefined && each.parents.includes(id)))
        .reduce((best, each) => (this.depth(each) > this.depth(best) ? each : best), nowhere)
      if (entry === undefined || entry === nowhere) missing.push(name)
      else this.chosen.set(name, entry)
    }
    return missing
  }

  /** The more parents an entry stands on, and the higher it is, the more of the history it shows. */
  private depth({ parents, height }: PlacedCommit): number {
    return height < 0 ? -1 : parents[0] === this.tree ? 0 : height
  }

  /** Returns what a new entry stands on: those parents that are in the tree, or the tree's root if there are none. */
  parentsFor(parents: readonly string[]): Pick<PlacedCommit, 'id' | 'height'>[] {
    const known = parents.flatMap(
      (parent) => this.chosen.get(parent) ?? this.imported.get(parent)?.at(-1) ?? [],
    )
    return known.length > 0 ? known : [{ id: this.tree, height: 0 }]
  }

  /** Adds a new entry. */
  place(name: string, placed: PlacedCommit): void {
    this.chosen.set(name, placed)
  }
}

const nowhere: PlacedCommit = { id: '' as EntryId, height: -1, parents: [] }
