/**
 * Runs damages in other processes, each with a deadline: a loop without an end is a failure, not a hang. A process makes
 * many runs, and is replaced after one that did not end.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { loader } from '../kit/project.ts'
import { type Kind, kinds } from './damages.ts'
import type { Outcome } from './run.ts'

/** How long one run may take: they take a quarter of a second. */
const deadlineMs = 60_000

export interface Question {
  readonly kind: Kind
  readonly seed: number
  /** Whether to repair the database before it is opened, since LevelDB has ended the process that opened it. */
  readonly repairFirst?: boolean
}

export type Answer = { readonly outcome: Outcome; readonly did: string } | { readonly error: string }

/** Runs `runs` damages of each kind from `firstSeed` on, in `jobs` processes of `script`. Returns the errors. */
export async function runAll(options: {
  script: string
  runs: number
  firstSeed: number
  jobs: number
  only?: string | undefined
  onAnswer?: (question: Question, answer: Answer) => void
}): Promise<string[]> {
  const { script, runs, firstSeed, jobs, only = '' } = options
  const questions: Question[] = kinds
    .filter((kind) => kind.includes(only))
    .flatMap((kind) => Array.from({ length: runs }, (_, index) => ({ kind, seed: firstSeed + index })))
  const errors: string[] = []
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      let child: ChildProcess | undefined
      for (let question = questions.shift(); question !== undefined; question = questions.shift()) {
        child ??= fork(script, { execArgv: [...loader] })
        const answer = await ask(child, question)
        if (typeof answer === 'string') {
          child.kill('SIGKILL')
          child = undefined
          // LevelDB ends the process if it merges a table whose keys are out of order.
          if (answer === 'SIGABRT' && question.kind === 'table' && !question.repairFirst) {
            questions.unshift({ ...question, repairFirst: true })
            continue
          }
        }
        const shown =
          typeof answer === 'string'
            ? { error: `${question.kind}, seed ${question.seed}: the process ended by ${answer}` }
            : answer
        if ('error' in shown) errors.push(shown.error)
        options.onAnswer?.(question, shown)
      }
      child?.disconnect()
    }),
  )
  return errors
}

/** Returns the answer, or how the process ended: a signal, an exit code, or its deadline. */
function ask(child: ChildProcess, question: Question): Promise<Answer | string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle('its deadline'), deadlineMs)
    const onExit = (code: number | null, signal: string | null) => settle(signal ?? `code ${code}`)
    const settle = (answer: Answer | string) => {
      clearTimeout(timer)
      child.off('exit', onExit)
      child.off('message', settle)
      resolve(answer)
    }
    child.once('exit', onExit)
    child.once('message', settle)
    child.send(question)
  })
}
