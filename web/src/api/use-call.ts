/**
 * What a view asks the node for, beside the stream that the frame holds: asked when the view is shown, after each change
 * that the view makes, now and then, and again after the connection was lost. Until that answer is here, what is shown
 * counts as old.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { useCell } from '../parts/cell.ts'
import { sentenceOf } from './clients.ts'
import { connection, epoch, Part } from './connection.ts'

export interface Asked<Value> {
  readonly value: Value | undefined
  /** Why the last call failed, for people; '' if it did not. */
  readonly error: string
  /** Asks again: now, or once the call that is under way is answered. */
  readonly again: () => void
}

interface Answer<Value> {
  readonly key: string
  readonly value?: Value
  readonly error: string
}

/** Calls `again` when what the answer follows from has changed. */
export function useChanged(from: unknown, again: () => void): void {
  const last = useRef(from)
  useEffect(() => {
    if (last.current !== from) again()
    last.current = from
  }, [from, again])
}

/** Asks by `call`, anew when `key` changes, and every `everyMs` while somebody looks; 0: never. */
export function useCall<Value>(
  key: string,
  call: (signal: AbortSignal) => Promise<Value>,
  everyMs = 10_000,
): Asked<Value> {
  const [answer, setAnswer] = useState<Answer<Value>>({ key, error: '' })
  const [turn, setTurn] = useState(0)
  const now = useCell(epoch)
  const latest = useRef(call)
  latest.current = call
  /** The call that is under way. Another one waits for it: on a slow line, calls that cut each other off never end. */
  const under = useRef<{ isWantedAgain: boolean }>(undefined)
  const part = useRef<Part>(undefined)
  const again = useCallback(() => {
    if (under.current === undefined) setTurn((before) => before + 1)
    else under.current.isWantedAgain = true
  }, [])
  useEffect(() => {
    const made = new Part()
    part.current = made
    return () => made.end()
  }, [])
  useEffect(() => {
    const over = new AbortController()
    const own = { isWantedAgain: false }
    under.current = own
    const answered = (next: (before: Answer<Value>) => Answer<Value>) => {
      if (over.signal.aborted || epoch.get() !== now) return
      under.current = undefined
      setAnswer(next)
      part.current?.settle()
      if (own.isWantedAgain) setTurn((before) => before + 1)
    }
    latest.current(over.signal).then(
      (value) => answered(() => ({ key, value, error: '' })),
      (reason) => {
        const error = sentenceOf(reason)
        // What an earlier connection told is not shown on without its answer.
        const isOld = part.current?.isBehind
        answered((before) => (isOld ? { key, error } : { ...before, key, error }))
      },
    )
    return () => over.abort()
  }, [key, turn, now])
  useEffect(() => {
    if (everyMs === 0) return
    const timer = setInterval(() => {
      const isSeen = document.visibilityState === 'visible'
      if (isSeen && connection.get().state === 'live' && under.current === undefined) again()
    }, everyMs)
    return () => clearInterval(timer)
  }, [everyMs, again])
  return { value: answer.key === key ? answer.value : undefined, error: answer.error, again }
}
