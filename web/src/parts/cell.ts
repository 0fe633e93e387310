/** A value that changes, and that views follow. */
import { useEffect, useState } from 'preact/hooks'

export interface Cell<Value> {
  get(): Value
  /** Sets the value, and tells those who follow if it is another one. */
  set(value: Value): void
  /** Calls `listener` after each change. Returns a function that ends this. */
  follow(listener: () => void): () => void
}

export function cell<Value>(initial: Value): Cell<Value> {
  let value = initial
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return
      value = next
      for (const listener of [...listeners]) listener()
    },
    follow(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** Returns the value of a cell, and draws the component again when it changes. */
export function useCell<Value>(source: Cell<Value>): Value {
  const [value, setValue] = useState(source.get)
  useEffect(() => {
    // It may have changed between the first drawing and now.
    setValue(() => source.get())
    return source.follow(() => setValue(() => source.get()))
  }, [source])
  return value
}

/** The time, once a second while somebody looks at it. */
const second = cell(Date.now())
let followers = 0
let ticking: ReturnType<typeof setInterval> | undefined

/** Returns the time in milliseconds since 1970, and draws the component again each second. */
export function useNow(): number {
  useEffect(() => {
    followers++
    ticking ??= setInterval(() => second.set(Date.now()), 1000)
    return () => {
      followers--
      if (followers > 0) return
      clearInterval(ticking)
      ticking = undefined
    }
  }, [])
  return Math.max(useCell(second), followers === 0 ? Date.now() : 0)
}
