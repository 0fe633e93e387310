/** Events with typed arguments, where Node's own emitter is not to be had: in browsers. */

type Listener<Args extends readonly unknown[]> = (...args: Args) => void

/** `Events` maps the name of each event to its arguments. */
export class Emitter<Events extends { readonly [Name in keyof Events]: readonly unknown[] }> {
  private readonly listeners = new Map<keyof Events, Map<unknown, Listener<never>>>()

  /** Calls `listener` at each event of this name, after those that were added before. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    return this.add(name, listener, listener)
  }

  /** Calls `listener` at the next event of this name only. */
  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    return this.add(name, listener, (...args: Events[Name]) => {
      this.off(name, listener)
      listener(...args)
    })
  }

  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    this.listeners.get(name)?.delete(listener)
    return this
  }

  /** Calls the listeners. Internal: for the object whose events these are. */
  protected emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    for (const listener of [...(this.listeners.get(name)?.values() ?? [])])
      (listener as unknown as Listener<Events[Name]>)(...args)
  }

  private add<Name extends keyof Events>(name: Name, key: unknown, listener: Listener<Events[Name]>): this {
    const all = this.listeners.get(name) ?? new Map<unknown, Listener<never>>()
    this.listeners.set(name, all.set(key, listener as unknown as Listener<never>))
    return this
  }
}
