/** What operators read of a node that `serve` runs: the settings in force with their sources, and its log. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { it } from 'node:test'
import { Sandbox } from '../../kit/command.ts'
import { call, stream } from '../../kit/operator-calls.ts'

interface Settings {
  readonly settings: readonly { readonly name: string; readonly value?: string; readonly source: string }[]
}

it('tells the settings in force and where each came from, also after they were read anew', async () => {
  await using box = await Sandbox.create()
  const config = box.folder('causeway.toml')
  await writeFile(config, 'max-author = "100M"\nauto-link = false\n')
  box.env = { CAUSEWAY_MAX_TREE: '1G' }
  const options = ['--http', '127.0.0.1:0', '--config', config, '--max-disk', '2G', '--log-format', 'json']
  const { child, closed, ready } = await box.serve('a', ...options)
  const node = { box, data: 'a', address: ready.addresses[0]! }
  const read = async () => {
    const { settings } = await call<Settings>(node, 'GetSettings')
    return Object.fromEntries(settings.map(({ name, value = '', source }) => [name, [value, source]]))
  }
  const before = await read()
  assert.deepEqual(before['max-disk'], ['2G', '--max-disk'])
  assert.deepEqual(before['max-tree'], ['1G', 'CAUSEWAY_MAX_TREE'])
  assert.deepEqual(before['max-author'], ['100M', config])
  assert.deepEqual(before['auto-link'], ['off', config])
  assert.equal(before['proxy-sends']![1], 'default')
  await writeFile(config, 'max-author = "200M"\nauto-link = true\n')
  child.kill('SIGHUP')
  // The line that says that they were read.
  let printed = ''
  child.stderr!.on('data', (chunk) => (printed += chunk))
  while (!printed.includes('"event":"reload"')) await once(child.stderr!, 'data')
  const after = await read()
  assert.deepEqual(after['max-author'], ['200M', config])
  // It takes effect with the next start, so it is not in force.
  assert.deepEqual(after['auto-link']![0], 'off')
  child.kill('SIGTERM')
  await closed
})

it('tells the log from info on, whatever stderr gets', async () => {
  await using box = await Sandbox.create()
  const options = ['--http', '127.0.0.1:0', '--log-format', 'json', '--log-level', 'error']
  const { child, closed, ready } = await box.serve('a', ...options)
  let printed = ''
  child.stderr!.on('data', (chunk) => (printed += chunk))
  const node = { box, data: 'a', address: ready.addresses[0]! }
  assert.match(await stream(node, 'WatchLog'), /"message":"node started"/)
  child.kill('SIGTERM')
  await closed
  assert.equal(printed, '')
})
