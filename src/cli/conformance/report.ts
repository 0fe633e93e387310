/** Writes how the cases went: as TAP while they run, and as JUnit at the end. */
import type { Case, Mismatch } from './case.ts'

export interface Outcome {
  readonly case: Case
  readonly ms: number
  /** Absent if it passed. */
  readonly failure?: Mismatch | Error
  /** Whether the file of known failures names it. */
  readonly known: boolean
}

/** Whether the outcome fails the run: a failure that is not known, or a known one that passes. */
export function isBad({ failure, known }: Outcome): boolean {
  return (failure !== undefined) !== known
}

/**
 * Returns the line of TAP, with what went wrong as YAML. A known failure is a `TODO`; one that passes is none, because
 * readers of TAP do not count a `TODO` as a failure.
 */
export function tapOf(outcome: Outcome, number: number): string {
  const { case: kit, failure, known } = outcome
  const todo = known && failure !== undefined ? ' # TODO is known to fail' : ''
  const state = failure === undefined && !known ? 'ok' : 'not ok'
  const lines = [`${state} ${number} - ${kit.name} [${kit.rules.join(' ')}]${todo}`]
  if (failure !== undefined)
    lines.push(
      '  ---',
      ...faultOf(failure).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`),
      '  ...',
    )
  else if (known)
    lines.push('  ---', '  message: "It passes, but is in the list of known failures: take it out."', '  ...')
  return lines.join('\n')
}

function faultOf(failure: Mismatch | Error): [string, string][] {
  const fault: [string, string][] = [['message', failure.message]]
  if ('rule' in failure) fault.unshift(['rule', failure.rule])
  if ('expected' in failure) fault.push(['expected', failure.expected], ['got', failure.got])
  return fault
}

/** Returns the whole run as a document for programs. */
export function documentOf(outcomes: readonly Outcome[]): object {
  return {
    ok: !outcomes.some(isBad),
    cases: outcomes.map(({ case: { name, level, rules }, failure, known }) => ({
      ...{ name, level, rules, passed: failure === undefined, known },
      ...(failure !== undefined && Object.fromEntries(faultOf(failure))),
    })),
  }
}

/** Returns the whole run as JUnit's XML. */
export function junitOf(outcomes: readonly Outcome[]): string {
  const failures = outcomes.filter(isBad).length
  const seconds = outcomes.reduce((sum, { ms }) => sum + ms, 0) / 1000
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="causeway conformance" tests="${outcomes.length}" failures="${failures}" time="${seconds.toFixed(3)}">`,
    ...outcomes.map(testCase),
    '</testsuite>',
    '',
  ].join('\n')
}

function testCase(outcome: Outcome): string {
  const { case: kit, ms, failure } = outcome
  const open = `  <testcase classname="${kit.level}" name="${xmlText(kit.name)}" time="${(ms / 1000).toFixed(3)}"`
  if (failure === undefined && !isBad(outcome)) return `${open}/>`
  if (!isBad(outcome)) return `${open}><skipped message="known to fail"/></testcase>`
  const fault = failure === undefined ? 'It passes, but is in the list of known failures.' : faultOf(failure)
  const text = typeof fault === 'string' ? fault : fault.map(([key, value]) => `${key}: ${value}`).join('\n')
  const message = failure === undefined ? text : failure.message
  return `${open}><failure message="${xmlText(message)}">${xmlText(text)}</failure></testcase>`
}

function xmlText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replace(/[\p{Cc}]/gu, ' ')
}
