/**
 * What a case of the kit is, and how it fails: with the number of the rule that was broken, what was looked at, and what
 * was expected and came. A case speaks with the program through a `Stage`.
 */
import { bytesToHex } from '../../dag/hex.ts'
import type { Program } from './program.ts'

/** What an implementation may say that it is, from the least up: clients first, then what only nodes are. */
export const levels = [
  ...(['entries', 'author', 'reader', 'asker', 'policy', 'finder', 'blob-asker'] as const),
  ...(['server', 'access', 'addresses', 'offers', 'blobs'] as const),
] as const
export type Level = (typeof levels)[number]

/** How calls may be carried. The program says which it has. */
export const transportNames = ['connect', 'connect-json', 'grpc', 'grpc-web', 'quic'] as const
export type TransportName = (typeof transportNames)[number]

export interface Stage {
  readonly program: Program
  readonly transports: readonly TransportName[]
}

export interface Case {
  /** Unique: level, subject, and what is special. */
  readonly name: string
  readonly level: Level
  /** The rules of docs/protocol.md that it checks. A failure names the one that was broken. */
  readonly rules: readonly string[]
  /** Whether it takes many seconds: then only the whole kit plays it, and not each run of our own tests. */
  readonly isLong?: true
  /** The transport without which it is left out. */
  readonly needs?: TransportName
  run(stage: Stage): Promise<void>
}

/** The program broke a rule. */
export class Mismatch extends Error {
  readonly rule: string
  readonly expected: string
  readonly got: string

  constructor(rule: string, what: string, expected: unknown, got: unknown) {
    super(what)
    this.rule = rule
    this.expected = shown(expected)
    this.got = shown(got)
  }
}

/** Returns a value as a report shows it: bytes in hex, all else as JSON. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value === '' ? '(nothing)' : value
  if (value instanceof Uint8Array) return value.length === 0 ? '(nothing)' : bytesToHex(value)
  return JSON.stringify(plain(value))
}

/** Returns a value with its bytes in hex. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return bytesToHex(value)
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
}

/** Throws a Mismatch unless both are shown alike. */
export function expectSame(rule: string, what: string, expected: unknown, got: unknown): void {
  if (shown(expected) !== shown(got ?? '')) throw new Mismatch(rule, what, expected, got ?? '')
}
