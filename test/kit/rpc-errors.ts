/** The error of a failed call as a client in any language sees it: the Connect code and the typed detail. */
import { strict as assert } from 'node:assert'
import { Code, ConnectError } from '@connectrpc/connect'
import { ErrorDetailSchema } from '../../gen/causeway/v1/error_pb.ts'
import type { ErrorCode } from '../../src/base/errors.ts'

export interface Failure {
  readonly rpc: string
  readonly code: string | undefined
  readonly data: Record<string, string>
  readonly retryAfterMs: number
  readonly message: string
}

/** Returns the error of a call, or of reading a stream to its end. */
export async function failureOf(call: Promise<unknown> | AsyncIterable<unknown>): Promise<Failure> {
  try {
    if (Symbol.asyncIterator in call) for await (const _ of call);
    else await call
  } catch (error) {
    assert.ok(error instanceof ConnectError, String(error))
    const details = error.findDetails(ErrorDetailSchema)
    return {
      rpc: Code[error.code],
      code: details[0]?.code,
      data: details[0]?.data ?? {},
      retryAfterMs: details[0]?.retryAfterMs ?? 0,
      message: error.rawMessage,
    }
  }
  assert.fail('The call succeeded.')
}

/** Asserts that a call fails with this code of ours and this Connect code. */
export async function fails(
  call: Promise<unknown> | AsyncIterable<unknown>,
  code: ErrorCode,
  rpc: keyof typeof Code,
): Promise<Failure> {
  const failure = await failureOf(call)
  assert.deepEqual({ code: failure.code, rpc: failure.rpc }, { code, rpc }, failure.message)
  return failure
}
