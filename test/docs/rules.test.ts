/**
 * The rules of docs/protocol.md have numbers, which the conformance kit and its failures name: each once, and in order.
 */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { anchorOf, readDocument } from '../kit/markdown.ts'
import { protocolRules } from '../kit/rules.ts'

const protocol = readDocument('docs/protocol.md')

/** What is wrong with the numbers of a text's rules. */
function faults(markdown: string): string[] {
  const next = new Map<string, number>()
  return protocolRules(markdown).flatMap(({ name }) => {
    const [letter, number] = [name[0]!, Number(name.slice(1))]
    const expected = next.get(letter) ?? 1
    next.set(letter, number + 1)
    return number === expected ? [] : [`expected ${letter}${expected}, got ${name}`]
  })
}

it('numbers each rule of the protocol once, and in order', () => {
  assert.deepEqual(faults(protocol), [])
  assert.ok(protocolRules(protocol).length > 150)
})

it('finds a number that is missing, and one that comes twice', () => {
  assert.deepEqual(faults('**E1** One.\n\n- **E3** Three.'), ['expected E2, got E3'])
  assert.deepEqual(faults('**E1** One.\n\n**E1** Again.'), ['expected E2, got E1'])
})

it('names the section of each letter', () => {
  const told = [...protocol.matchAll(/ ([A-Z]) +\| \[[^\]]+\]\(#([\w-]+)\)/g)].map(
    ([, letter, anchor]) => `${letter} ${anchor}`,
  )
  const first = new Map<string, string>()
  for (const { name, heading } of protocolRules(protocol))
    if (!first.has(name[0]!)) first.set(name[0]!, anchorOf(heading))
  // S begins in the section of sessions as a whole.
  first.set('S', 'what-a-sends')
  assert.deepEqual(told.sort(), [...first].map(([letter, anchor]) => `${letter} ${anchor}`).sort())
})

it('has every rule that the text refers to', () => {
  const names = new Set(protocolRules(protocol).map(({ name }) => name))
  const cited = [...protocol.matchAll(/(?<![\w*`≥])([A-Z]\d{1,2})(?![\w*`])/g)].map(([, name]) => name!)
  assert.deepEqual(
    cited.filter((name) => !names.has(name)),
    [],
  )
})
