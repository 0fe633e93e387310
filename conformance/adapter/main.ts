/**
 * This package as a program that the kit can check: `node --import tsx conformance/adapter/main.ts`. The request `break`
 * lets it break one rule (mutations.ts), for the kit's own tests.
 */
import { createInterface } from 'node:readline'
import { CausewayError } from '../../src/base/errors.ts'
import { brokenNow, netActions } from './net.ts'
import { pureActions } from './pure.ts'

type Action = (request: never) => object | Promise<object>

const actions: Readonly<Record<string, Action>> = { ...pureActions, ...netActions }

async function answer(action: string, request: object): Promise<object> {
  const answered = await honest(action, request)
  if (action !== 'break' && action !== 'stop') brokenNow()?.answer?.(answered, request, action)
  return answered
}

async function honest(action: string, request: object): Promise<object> {
  try {
    const act = actions[action]
    if (act === undefined) throw new CausewayError('UNIMPLEMENTED', `There is no request "${action}".`)
    return await act(request as never)
  } catch (error) {
    const { code, message } = CausewayError.from(error)
    return { error: { code, message } }
  }
}

// Requests are taken as they come: a loop that awaits each would pause the input, and nothing else keeps the process.
createInterface({ input: process.stdin }).on('line', async (line) => {
  const { call, do: action, ...request } = JSON.parse(line) as { call: number; do: string }
  process.stdout.write(`${JSON.stringify({ call, ...(await answer(action, request)) })}\n`)
})
