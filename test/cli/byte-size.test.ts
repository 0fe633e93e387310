/** Parsing and formatting of byte sizes. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { formatByteSize, parseByteSize } from '../../src/cli/byte-size.ts'

it('parses what it formats', () => {
  for (const [text, bytes] of [
    ['0', 0],
    ['1023', 1023],
    ['500M', 500 * 2 ** 20],
    ['10G', 10 * 2 ** 30],
    ['1T', 2 ** 40],
  ] as const) {
    assert.equal(parseByteSize(text), bytes)
    if (bytes > 0) assert.equal(formatByteSize(bytes), text)
  }
})

it('rejects text that is not a size', () => {
  for (const text of ['', 'M', '-1', '1.5G', '10 G', '10g', '1E3', '9'.repeat(13), `${'9'.repeat(12)}T`])
    assert.throws(() => parseByteSize(text), /number of bytes/, text)
})
