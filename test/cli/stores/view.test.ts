/** How values are printed, on a terminal too, and how long a command waits while the state is computed. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { ItemSchema, VersionSchema } from '../../../gen/causeway/v1/store_pb.ts'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { itemLine, printedValue, shortValue } from '../../../src/cli/stores/item-view.ts'
import { whenCounted } from '../../../src/cli/stores/reading.ts'

const version = (value: string | Uint8Array, type = 'text/plain', sum?: bigint) =>
  create(VersionSchema, {
    entry: new Uint8Array(32),
    author: new Uint8Array(32),
    value: typeof value === 'string' ? Buffer.from(value) : value,
    type,
    ...(sum !== undefined && { sum }),
  })

describe('A value', () => {
  it('is printed on a terminal only if it is plain text', () => {
    assert.equal(printedValue(version('two\nlines'), true), 'two\nlines\n')
    assert.equal(printedValue(version('ends\n'), true), 'ends\n')
    assert.equal(printedValue(version('text without a type', ''), true), 'text without a type\n')
    assert.equal(printedValue(version('\x1b[2J'), true), undefined)
    assert.equal(printedValue(version(Uint8Array.of(0xff), ''), true), undefined)
  })

  it('is printed elsewhere as it is, with a newline after text', () => {
    assert.equal(printedValue(version('\x1b[2J'), false), '\x1b[2J\n')
    assert.deepEqual(printedValue(version('bytes', ''), false), version('bytes', '').value)
    assert.deepEqual(printedValue(version(Uint8Array.of(0xff)), false), Uint8Array.of(0xff))
    // A mark at the beginning is part of the value.
    assert.equal(printedValue(version('\ufeffa'), false), '\ufeffa\n')
  })

  it('that is a counter is printed as its number', () => {
    for (const isTerminal of [true, false]) {
      assert.equal(printedValue(version('10', 'text/plain', 15n), isTerminal), '15\n')
      assert.equal(printedValue(version('', '', -3n), isTerminal), '-3\n')
      assert.equal(printedValue(version('Ann', 'text/plain', 3n), isTerminal), 'Ann\n')
    }
  })

  it('is one short line without control characters in a list', () => {
    assert.equal(shortValue(version('a\x1b[31mb\nc')), 'a [31mb c')
    assert.equal(shortValue(version('x'.repeat(100))).length, 60)
    assert.equal(shortValue(version(Uint8Array.of(1), 'image/png')), '(1 byte, image/png)')
    const key = { store: 's', key: 'a\nb\u202e' }
    const line = itemLine(create(ItemSchema, { key, value: version('v'), conflictCount: 2 }))
    assert.equal(line, `${'a b'.padEnd(24)}  v  (2 conflicts)`)
  })
})

describe('A command', () => {
  const building = (counted: number) =>
    new CausewayError('VIEW_BUILDING', 'Try again.', { data: { counted, count: 1_000 } })
  const pause = async () => {}

  it('waits while the state is computed', async () => {
    let calls = 0
    const call = async () => {
      if (++calls <= 3 * limits.stateStalledTries) throw building(calls)
      return 'read'
    }
    assert.equal(await whenCounted(call, {}, pause), 'read')
  })

  it('gives up when nothing more is counted', async () => {
    let calls = 0
    const call = async () => {
      calls++
      throw building(7)
    }
    await assert.rejects(whenCounted(call, {}, pause), { code: 'VIEW_BUILDING' })
    assert.equal(calls, limits.stateStalledTries + 1)
  })

  it('does not try again after another error', async () => {
    let calls = 0
    const call = async () => {
      calls++
      throw new CausewayError('UNKNOWN_TREE', 'No.')
    }
    await assert.rejects(whenCounted(call, {}, pause), { code: 'UNKNOWN_TREE' })
    assert.equal(calls, 1)
  })
})
