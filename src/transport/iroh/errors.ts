/** Reads the errors of the binding, which are Rust's debug text, as CausewayErrors. */
import { CausewayError, type ErrorCode } from '../../base/errors.ts'
import type { PeerId } from '../../dag/identity.ts'

/** Returns Rust's debug text without source positions, and without the stack that RUST_BACKTRACE adds. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const lines = text
    .split('\n\nStack backtrace:')[0]!
    .split('\n')
    .map((line) => line.trim())
  const causes = lines.filter((line) => line !== '' && line !== 'Caused by:')
  return (causes.at(-1) ?? 'unknown error').replace(/ \(\/[^)]*\)$/, '').replace(/\.$/, '')
}

export function streamError(error: unknown): CausewayError {
  if (error instanceof CausewayError) return error
  return new CausewayError('DISCONNECTED', `The QUIC stream was lost: ${firstLine(error)}.`, { cause: error })
}

/** The binding has no error codes; these parts of rustls' and noq's messages distinguish the cases. */
const connectVerdicts: ReadonlyArray<readonly [RegExp, ErrorCode, string]> = [
  [/invalid peer certificate/, 'WRONG_PEER', 'another node answered at its addresses; ask for a new ticket'],
  [/known protocol/, 'UNREACHABLE', 'what answers there does not serve causeway/1'],
  [/refused/, 'UNREACHABLE', 'it does not accept connections now'],
  [/timed out/, 'TIMEOUT', 'nothing answered'],
]

export function connectError(error: unknown, peer: PeerId): CausewayError {
  const text = error instanceof Error ? error.message : String(error)
  const verdict = connectVerdicts.find(([pattern]) => pattern.test(text))
  const [, code, meaning] = verdict ?? [undefined, 'UNREACHABLE' as const, firstLine(error)]
  return new CausewayError(code, `Cannot connect to the peer ${peer}: ${meaning}.`, {
    cause: error,
    data: { peer, reason: firstLine(error) },
  })
}
