/**
 * The latest of very many values, by key. It is two maps that take turns, not one map from which the oldest keys are
 * deleted: a map with many insertions and deletions copies itself again and again, and a copy that has reached V8's old
 * generation keeps its successors from being collected young.
 */
export class Recent<Key, Value> {
  private readonly most: number
  private young = new Map<Key, Value>()
  private old = new Map<Key, Value>()

  /** Keeps at most `most` values, and at least the latest half of that number. */
  constructor(most: number) {
    this.most = most
  }

  get(key: Key): Value | undefined {
    return this.young.get(key) ?? this.old.get(key)
  }

  has(key: Key): boolean {
    return this.young.has(key) || this.old.has(key)
  }

  set(key: Key, value: Value): void {
    if (this.young.size >= this.most / 2) {
      this.old = this.young
      this.young = new Map()
    }
    this.young.set(key, value)
  }

  delete(key: Key): void {
    this.young.delete(key)
    this.old.delete(key)
  }

  clear(): void {
    this.young = new Map()
    this.old = new Map()
  }
}
