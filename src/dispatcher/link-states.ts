/** The states of a link, which may follow which, and the errors that end its retries. */
import type { CausewayError, ErrorCode } from '../base/errors.ts'

/**
 * - `idle`: no session; one starts as soon as it is due.
 * - `running`: a session is under way or waits for its turn.
 * - `backoff`: no session before `retryAt`; after that, as `idle`.
 * - `parked`: no session until something changes, because waiting does not heal the error. A tree that the peer does not
 *   show is asked for again all the same, seldom: the peer may have lost it, and be there again.
 * - `parking`: parked while a session is under way; the session goes on to its end.
 *
 * A direct push counts as a session. The rest is not a state, because it is independent of these five:
 * - due: a moment that `dueAt` computes from the outbox mark, `wanted`, the interval and the clock;
 * - paused: a setting of the link; in every state it keeps sessions from starting;
 * - blocked: a property of the peer, held by its lane with the same effect;
 * - live: a setting; whether a watch follows the tree. While an event of the watch is applied, no session starts.
 */
export type LinkState = 'idle' | 'running' | 'backoff' | 'parked' | 'parking'

/**
 * The states that may follow each state. A link begins in `idle`.
 *
 *              started                park
 *     idle ───────────────▶ running ──────────▶ parking
 *      ▲ ▲ ◀─────────────── │  ▲  │ ◀────────── │
 *      │ │     finished     │  │  │   unpark    │
 *      │ │                  │  │  │             │
 *      │ │ retryNow  failed ▼  │  │ failed with │ the session
 *      │ └─────────────── backoff │ a permanent │ ends
 *      │                    │  ▲  │ error       │
 *      │               park │  │  │             │
 *      │                    ▼  │  ▼             │
 *      └──────────────────▶ parked ◀────────────┘
 *           park, unpark
 *
 * The labels are methods. From `backoff` to `running` it is `started` again, and from `running` to `backoff` also
 * `unfinished`. `park` stands for `withhold` too. `unpark` stands for `retryNow`, `succeeded`, `askAgain` and `becameVisible`; the
 * last leads to `backoff` if a wait is left. An `interrupted` session takes the link back to `idle` or `backoff`.
 */
export const nextStates: Readonly<Record<LinkState, readonly LinkState[]>> = {
  idle: ['running', 'parked'],
  running: ['idle', 'backoff', 'parked', 'parking'],
  backoff: ['idle', 'running', 'parked'],
  parked: ['idle', 'backoff'],
  parking: ['running', 'parked'],
}

/** Errors that waiting does not heal: an operator, the peer's admin or a new version has to do something. */
const permanent: ReadonlySet<ErrorCode> = new Set([
  'FORBIDDEN',
  'ACCESS_REJECTED',
  'UNKNOWN_TREE',
  'INCOMPATIBLE',
  'UNIMPLEMENTED',
  'BAD_ADDRESS',
  'NO_TRANSPORT',
])

export function isPermanent({ code }: CausewayError): boolean {
  return permanent.has(code) || (code.startsWith('ENTRY_') && code !== 'ENTRY_MISSING_PARENT')
}
