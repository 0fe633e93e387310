/** `causeway watch`: which entries it prints, and the number of each, which `--after` takes. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import { Sandbox } from '../../kit/command.ts'

interface Line {
  readonly sequence: number
  readonly entry: string
}

it('watch --store prints the entries of these stores, each with the number by which it resumes', async () => {
  await using box = await Sandbox.create()
  await box.serve('a')
  const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])
  const entries: string[] = []
  for (const store of ['a', 'b', 'c', 'a', 'b'])
    entries.push((await box.json<Line>('a', ['commit', tree, '--store', store], store)).entry)
  const watch = async (count: number, ...args: string[]) => {
    const child = box.spawn('a', ['watch', tree, '--json', '--store', 'a', '--store', 'c', ...args])
    const closed = once(child, 'close')
    const seen: Line[] = []
    for await (const line of createInterface({ input: child.stdout! })) {
      seen.push(JSON.parse(line))
      if (seen.length === count) break
    }
    child.kill()
    await closed
    return seen.map(({ sequence, entry }) => [sequence, entry])
  }
  const expected = [
    [2, entries[0]],
    [4, entries[2]],
    [5, entries[3]],
  ]
  assert.deepEqual(await watch(3, '--all'), expected)
  assert.deepEqual(await watch(1, '--after', '4'), expected.slice(2))
})
