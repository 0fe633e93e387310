/** SIGHUP does not end a command that hears it, and one that comes before its listener is kept. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { HangUps } from '../../src/cli/stop.ts'

it('keeps a hang-up that comes early, and hears none once it is disposed', () => {
  const before = process.listenerCount('SIGHUP')
  let heard = 0
  {
    using hangUps = new HangUps()
    process.emit('SIGHUP')
    hangUps.follow(() => heard++)
    assert.equal(heard, 1)
    process.emit('SIGHUP')
    assert.equal(heard, 2)
  }
  assert.equal(process.listenerCount('SIGHUP'), before)
})
