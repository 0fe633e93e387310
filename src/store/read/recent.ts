/**
 * The latest of very many, by key. Two maps that take turns, and not one from which the oldest are deleted: a map in which
 * keys come and go copies itself again and again, and each copy that has grown old keeps all that came after it from being
 * collected while it is young.
 */
export class Recent<Key, Value> {
  private readonly most: number
  private young = new Map<Key, Value>()
  private old = new Map<Key, Value>()

  /** Keeps `most` at most, and at least the latest half of that. */
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

  clear(): void {
    this.young = new Map()
    this.old = new Map()
  }
}
