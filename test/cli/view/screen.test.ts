/** The screen of `status --watch`: drawn as ages grow and sizes change, and what stood there before comes back. */
import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { describe, it } from 'node:test'
import { Screen, screenText, type Terminal } from '../../../src/cli/view/screen.ts'
import { Sandbox } from '../../kit/command.ts'
import { builtCommand, missingTool } from '../../kit/project.ts'

class FakeTerminal extends EventEmitter implements Terminal {
  columns = 10
  rows = 3
  text = ''
  write(text: string): void {
    this.text += text
  }
}

describe('A screen', () => {
  it('is left as it was entered, and draws each second, after changes and for another size', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
    const terminal = new FakeTerminal()
    let draws = 0
    {
      using screen = new Screen(terminal, () => [`draw ${++draws}`])
      assert.equal(terminal.text, '\x1b[?1049h\x1b[?25l')
      screen.changed()
      screen.changed()
      t.mock.timers.tick(100)
      assert.equal(draws, 1)
      t.mock.timers.tick(900)
      assert.equal(draws, 2)
      terminal.emit('resize')
      assert.equal(draws, 3)
    }
    assert.ok(terminal.text.endsWith('\x1b[?25h\x1b[?1049l'))
    assert.equal(terminal.listenerCount('resize'), 0)
    t.mock.timers.tick(5000)
    assert.equal(draws, 3)
  })

  it('cuts lines that are too long, and says how many do not fit', () => {
    const drawn = screenText(['a', 'b'.repeat(20), 'c', 'd'], { columns: 10, rows: 3 })
    assert.equal(drawn, '\x1b[Ha\x1b[K\r\nbbbbbbbbb…\x1b[K\r\n… 2 more …\x1b[K\x1b[J')
  })
})

it('`status --watch` on a terminal fits its width, and Ctrl-C ends it with the screen as it was', {
  skip: missingTool('script'),
}, async () => {
  await using box = await Sandbox.create()
  const peer = 'ab'.repeat(32)
  const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'a tree with a long name'])
  await box.json('a', ['peer', 'add', peer, 'http://127.0.0.1:1', '--name', 'Bob'])
  await box.json('a', ['link', tree, peer])
  const run = `stty cols 50 rows 10; exec '${process.execPath}' '${builtCommand}' status --watch --data '${box.folder('a')}'`
  // If this process dies, the terminal is gone, and with it the command.
  const child = spawn('script', ['-qec', run, '/dev/null'])
  const closed = once(child, 'close') as Promise<[number | null]>
  let text = ''
  for await (const chunk of child.stdout!) {
    text += chunk
    if (text.includes('Bob') && !child.stdin!.writableEnded) child.stdin!.end('\x03')
  }
  assert.deepEqual(await closed, [0, null])
  assert.ok(text.startsWith('\x1b[?1049h'), JSON.stringify(text))
  assert.ok(text.trimEnd().endsWith('\x1b[?1049l'), JSON.stringify(text))
  const lines = text.split('\x1b[K').map((line) => line.split('\x1b[H').at(-1)!.trim())
  assert.ok(
    lines.some((line) => /^a tree.*Bob +\S/.test(line)),
    JSON.stringify(lines),
  )
  for (const line of lines.filter((each) => !each.includes('\x1b'))) assert.ok([...line].length <= 50, line)
})
