/** The records of all trees agree with a plain map, whatever was set and deleted. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import fc from 'fast-check'
import type { TreeId } from '../../../src/dag/id.ts'
import type { TreeRecord } from '../../../src/store/engine/records.ts'
import { TreeRecords } from '../../../src/store/read/tree-records.ts'
import { emptyRecord } from '../../../src/store/tree-state.ts'

const tree = fc.constantFrom(...'0123456789'.split('').map((digit) => digit.repeat(64) as TreeId))
const step = fc.oneof(
  { weight: 20, arbitrary: fc.record({ tree, bytes: fc.nat(1_000), count: fc.nat(9) }) },
  { weight: 10, arbitrary: fc.record({ tree }) },
  { weight: 1, arbitrary: fc.constant('clear' as const) },
)

it('keeps sums and order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), tree, fc.nat(11), (steps, after, most) => {
      const records = new TreeRecords()
      const plain = new Map<TreeId, TreeRecord>()
      for (const each of steps)
        if (each === 'clear') {
          records.clear()
          plain.clear()
        } else if ('bytes' in each) {
          const record = { ...emptyRecord(1), bytes: each.bytes, count: each.count }
          records.set(each.tree, record)
          plain.set(each.tree, record)
        } else {
          records.delete(each.tree)
          plain.delete(each.tree)
        }
      const sum = (field: 'bytes' | 'count') =>
        [...plain.values()].reduce((all, each) => all + each[field], 0)
      assert.deepEqual(
        [records.size, records.bytes, records.entries],
        [plain.size, sum('bytes'), sum('count')],
      )
      const ids = [...plain.keys()].sort()
      assert.deepEqual(records.after('', plain.size), ids)
      assert.deepEqual(records.after(after, most), ids.filter((id) => id > after).slice(0, most))
      assert.deepEqual(new Map(records), plain)
    }),
  )
})
