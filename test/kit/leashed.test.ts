/** No process that a test started outlives a runner that was killed. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { tempFolder } from './peers.ts'
import { loader, testModule } from './project.ts'

it('a node that a test started ends with the process of the test', { timeout: 60_000 }, async () => {
  await using folder = await tempFolder()
  const script = `
    import { ServeProcess } from '${pathToFileURL(testModule('test/kit/serve-process.ts'))}'
    console.log((await ServeProcess.start('${join(folder.path, 'node')}')).address)`
  // The node writes to this stderr too, so it closes when both are gone.
  const runner = spawn(process.execPath, [...loader, '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  runner.stderr.resume()
  const [address] = await once(createInterface({ input: runner.stdout }), 'line')
  assert.match(address, /^http:/)
  const bothGone = once(runner, 'close')
  runner.kill('SIGKILL')
  assert.deepEqual(await bothGone, [null, 'SIGKILL'])
})
