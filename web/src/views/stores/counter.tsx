/** A number under a key: its sum, and what adds to it. Adds of several writers all count, so none can be lost. */
import { useState } from 'preact/hooks'
import { sentenceOf } from '../../api/clients.ts'
import { texts } from '../../texts.ts'
import { wholeNumber } from './whole-number.ts'
import { addTo, type Seen } from './writing.ts'

const words = texts.stores

export interface CounterProps {
  readonly seen: Seen
  readonly sum: bigint
  readonly written: (at: readonly Uint8Array[]) => Promise<void>
}

export function Counter({ seen, sum, written }: CounterProps) {
  const [delta, setDelta] = useState('')
  const [error, setError] = useState('')
  const add = async (by: bigint) => {
    try {
      await written(await addTo(seen, by))
      setError('')
    } catch (problem) {
      setError(sentenceOf(problem))
    }
  }
  const submit = (event: Event) => {
    event.preventDefault()
    const by = wholeNumber(delta)
    if (by === undefined) return setError(words.noDelta)
    setDelta('')
    void add(by)
  }
  return (
    <section class="card counter">
      <h3>{words.counter}</h3>
      <output class="sum">{`${sum}`}</output>
      <form class="counter-form" onSubmit={submit}>
        <button type="button" class="button" aria-label={words.takeOne} onClick={() => void add(-1n)}>
          −1
        </button>
        <button type="button" class="button" aria-label={words.addOne} onClick={() => void add(1n)}>
          +1
        </button>
        <input
          type="text"
          inputMode="numeric"
          size={8}
          aria-label={words.delta}
          value={delta}
          onInput={(event) => setDelta(event.currentTarget.value)}
        />
        <button type="submit" class="button">
          {words.add}
        </button>
      </form>
      <p class="problem" aria-live="polite">
        {error}
      </p>
    </section>
  )
}
