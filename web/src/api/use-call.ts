/**
 * What a view asks the node for, beside the stream that the frame holds: asked when the view is shown, after each change
 * that the view makes, now and then, and again after the connection was lost. Until that answer is here, `behind` says
 * that what is shown is from before, and the frame turns it grey.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { cell, useCell } from '../parts/cell.ts'
import { sentenceOf } from './clients.ts'
import { connection, epoch } from './feed.ts'

/** How many views wait for an answer of the connection that is open now, and show one from before. */
export const behind = cell(0)

export interface Asked<Value> {
  readonly value: Value | undefined
  /** Why the last call failed, for people; '' if it did not. */
  readonly error: string
  /** Asks again, now. */
  readonly again: () => void
}

interface Answer<Value> {
  readonly key: string
  readonly value?: Value
  readonly error: string
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
  const isBehind = useRef(false)
  useEffect(() => {
    const setBehind = (value: boolean) => {
      if (isBehind.current !== value) behind.set(behind.get() + (value ? 1 : -1))
      isBehind.current = value
    }
    // At once, before anything is drawn of the new connection.
    const stop = epoch.follow(() => setBehind(true))
    return () => {
      stop()
      setBehind(false)
    }
  }, [])
  useEffect(() => {
    const over = new AbortController()
    const answered = (next: (before: Answer<Value>) => Answer<Value>) => {
      if (over.signal.aborted || epoch.get() !== now) return
      setAnswer(next)
      if (isBehind.current) behind.set(behind.get() - 1)
      isBehind.current = false
    }
    latest.current(over.signal).then(
      (value) => answered(() => ({ key, value, error: '' })),
      (reason) => {
        const error = sentenceOf(reason)
        // What an earlier connection told is not shown on without its answer.
        const isOld = isBehind.current
        answered((before) => (isOld ? { key, error } : { ...before, key, error }))
      },
    )
    return () => over.abort()
  }, [key, turn, now])
  useEffect(() => {
    if (everyMs === 0) return
    const timer = setInterval(() => {
      const isSeen = document.visibilityState === 'visible'
      if (isSeen && connection.get().state === 'live') setTurn((before) => before + 1)
    }, everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  const again = useCallback(() => setTurn((before) => before + 1), [])
  return { value: answer.key === key ? answer.value : undefined, error: answer.error, again }
}
