/** One of the threads of `text-threads.ts`: it composes one text after another, and may be ended at any moment. */
import { parentPort } from 'node:worker_threads'
import { Comparisons } from './comparisons.ts'
import { type ComposedText, composeJob, type TextJob } from './work.ts'
import { loadYjs } from './yjs.ts'

/** What a thread sends: that it is ready, which update of a job has most pieces, and what the job's text is. */
export type TextAnswer =
  | { readonly ready: true }
  | { readonly largest: number }
  | { readonly composed: ComposedText }
  /** The text takes too many comparisons; the client whose items take most. */
  | { readonly costliest: number }
  | { readonly problem: string }

const send = (answer: TextAnswer, move: ArrayBufferLike[] = []) =>
  parentPort!.postMessage(answer, move as ArrayBuffer[])

const yjs = await loadYjs()
const comparisons = new Comparisons(yjs)
parentPort!.on('message', (job: TextJob) => {
  comparisons.begin(job.most)
  try {
    const composed = composeJob(yjs, job, (largest) => send({ largest }))
    send({ composed }, [composed.taken.buffer, composed.counts.buffer])
  } catch (error) {
    // Whatever Yjs throws: the thread is as it was, and the text cannot be shown.
    if (comparisons.isOver) send({ costliest: comparisons.costliest! })
    else send({ problem: String(error) })
  }
})
send({ ready: true })
