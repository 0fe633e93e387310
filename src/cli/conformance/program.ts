/**
 * The program under test. It reads requests as lines of JSON from its standard input, and answers each on its standard
 * output, in any order; its standard error is for people. conformance/README.md lists the requests.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'

/** What a program answers. Without `error` it has the fields of its request. */
export interface Answer {
  readonly error?: { readonly code: string; readonly message?: string }
  readonly [field: string]: unknown
}

export class Program implements AsyncDisposable {
  private readonly child: ChildProcess
  private readonly waiting = new Map<number, (answer: Answer | CausewayError) => void>()
  private readonly ended: Promise<void>
  /** The requests that it did not answer in time. An answer that comes later is for nobody. */
  private readonly late = new Set<number>()
  /** How many requests in a row it did not answer in time. */
  private silences = 0
  /** Why it can answer no more. */
  failure: CausewayError | undefined
  private next = 1

  constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => {
        this.fail(`The program ${command} cannot be started: ${error.message}`)
        resolve()
      })
      this.child.once('close', (code, signal) => {
        this.fail(`The program ended (${signal ?? `exit code ${code}`}) while answers were expected.`)
        resolve()
      })
    })
    // A write to a program that has ended: its end says why.
    this.child.stdin?.on('error', () => {})
    if (this.child.stdout !== null)
      createInterface({ input: this.child.stdout }).on('line', (line) => this.take(line))
  }

  /** Makes a request and returns its answer, which may be an error. Throws PROTOCOL if there is none in time. */
  async ask(action: string, fields: object = {}): Promise<Answer> {
    if (this.failure !== undefined) throw this.failure
    const id = this.next++
    const answer = new Promise<Answer | CausewayError>((resolve) => this.waiting.set(id, resolve))
    const timer = setTimeout(() => {
      this.late.add(id)
      this.settle(id, protocol(`no answer to "${action}" within ${limits.conformanceAnswerMs} ms`))
      if (++this.silences >= limits.conformanceSilences)
        this.fail(`The program hangs: it answered none of ${this.silences} requests in a row.`)
    }, limits.conformanceAnswerMs)
    this.child.stdin?.write(`${JSON.stringify({ call: id, do: action, ...fields })}\n`)
    const settled = await answer
    clearTimeout(timer)
    if (settled instanceof CausewayError) throw settled
    return settled
  }

  /** As `ask`, but throws PROTOCOL if the answer is an error. */
  async expect(action: string, fields: object = {}): Promise<Answer> {
    const answer = await this.ask(action, fields)
    if (answer.error !== undefined)
      throw protocol(`the error ${answer.error.code} (${answer.error.message ?? ''}) for "${action}"`)
    return answer
  }

  private take(line: string): void {
    if (line.trim() === '') return
    if (line.length > limits.conformanceLineBytes) {
      this.fail(`An answer has at most ${limits.conformanceLineBytes} bytes, got ${line.length}.`)
      return
    }
    try {
      const { call, ...answer } = JSON.parse(line) as { call: number } & Answer
      this.silences = 0
      if (this.late.delete(call)) return
      if (!this.waiting.has(call)) throw new Error(`"call" is the number of no open request, got ${call}`)
      this.settle(call, answer)
    } catch (error) {
      this.fail(
        `The program's output is not an answer: ${(error as Error).message}. Lines for people belong on the standard error, got ${line.slice(0, 200)}`,
      )
    }
  }

  private settle(id: number, answer: Answer | CausewayError): void {
    this.waiting.get(id)?.(answer)
    this.waiting.delete(id)
  }

  private fail(message: string): void {
    this.failure ??= new CausewayError('PROTOCOL', message)
    for (const id of [...this.waiting.keys()]) this.settle(id, this.failure)
  }

  /** Ends the program's standard input, and the program if it does not end then. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.child.stdin?.end()
    const timer = setTimeout(() => this.child.kill('SIGKILL'), limits.conformanceEndMs)
    await this.ended
    clearTimeout(timer)
  }
}

function protocol(came: string): CausewayError {
  return new CausewayError('PROTOCOL', `Expected an answer of the program, got ${came}.`)
}
