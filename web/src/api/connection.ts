/**
 * Whether what is shown is of now. The frame's stream says whether the node is there. Once it is there again, each part of
 * a view that has asked for something else counts as old until it was told anew, and meanwhile all stays grey.
 */
import { useCallback, useEffect, useRef } from 'preact/hooks'
import { cell } from '../parts/cell.ts'

export type Connection =
  | { readonly state: 'opening' }
  | { readonly state: 'live' }
  | { readonly state: 'lost'; readonly since: number }

export const connection = cell<Connection>({ state: 'opening' })
/** How many connections there were. What was asked in an earlier one may be old. */
export const epoch = cell(0)
/** How many parts of what is shown are from before the connection that is open now. */
export const behind = cell(0)

/** A part of what is shown. It is old from the moment on that another connection is open, until `settle`. */
export class Part {
  private isOld = false
  private isEnded = false
  private readonly stop: () => void

  /** `onOld` is called when the part becomes old, before anything is drawn of the new connection. */
  constructor(onOld: () => void = () => {}) {
    this.stop = epoch.follow(() => {
      this.outdate()
      onOld()
    })
  }

  /** Says that the part is old: what told it was lost. */
  outdate(): void {
    this.set(true)
  }

  /** Says that the part is of now. */
  settle(): void {
    this.set(false)
  }

  get isBehind(): boolean {
    return this.isOld
  }

  /** Called when the part is shown no more. */
  end(): void {
    this.stop()
    this.set(false)
    this.isEnded = true
  }

  private set(isOld: boolean): void {
    if (this.isEnded) return
    if (isOld !== this.isOld) behind.set(behind.get() + (isOld ? 1 : -1))
    this.isOld = isOld
  }
}

/** How soon something is asked for again that could not be told. */
const againMs = 1_000

/** Calls `renew` when what is shown has become old, and again until the returned function was called: all is of now. */
export function useRenewal(renew: () => Promise<unknown>): () => void {
  const latest = useRef(renew)
  latest.current = renew
  const own = useRef<Part>(undefined)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const again = async (turn: number) => {
      clearTimeout(timer)
      await latest.current()
      if (part.isBehind && turn === epoch.get()) timer = setTimeout(() => void again(turn), againMs)
    }
    const part = new Part(() => void again(epoch.get()))
    own.current = part
    return () => {
      clearTimeout(timer)
      part.end()
    }
  }, [])
  return useCallback(() => own.current?.settle(), [])
}
