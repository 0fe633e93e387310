/** The commands on texts as a user runs them, through a running node and on a folder. */
import { strict as assert } from 'node:assert'
import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Ran, Sandbox } from '../../kit/command.ts'
import { builtCommand } from '../../kit/project.ts'

for (const running of [false, true])
  describe(`Texts ${running ? 'through a running node' : 'on a folder'}`, () => {
    let box: Sandbox
    let tree: string
    before(async () => {
      box = await Sandbox.create()
      if (running) await box.serve('a')
      tree = (await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])).tree
    })
    after(() => box[Symbol.asyncDispose]())

    const run = (...args: string[]) => box.run('a', args)
    const show = async (key: string) =>
      (await box.json<{ text: string }>('a', ['text', 'show', tree, 'notes', key])).text

    /** Edits a text with a script that gets the file as $1. */
    async function edit(key: string, script: string): Promise<Ran> {
      const file = box.folder(`${key}.sh`)
      await writeFile(file, `#!/bin/sh\n${script}\n`)
      await chmod(file, 0o755)
      box.env = { VISUAL: file }
      try {
        return await run('text', 'edit', tree, 'notes', key)
      } finally {
        box.env = {}
      }
    }

    it('are inserted into, shown and listed', async () => {
      const { stdout } = await run('text', 'insert', tree, 'notes', 'log', 'one\n')
      assert.match(stdout, /^bafkrei\w+\n$/)
      await run('text', 'insert', tree, 'notes', 'log', '\u{1f600}two')
      await box.run('a', ['text', 'insert', tree, 'notes', 'log', '--position', '5'], ' and ')
      assert.equal((await run('text', 'show', tree, 'notes', 'log')).stdout, 'one\n\u{1f600} and two\n')
      assert.match((await run('list', tree, 'notes')).stdout, /^log +\(text\)\n$/)
      const { items } = await box.json<{ items: object[] }>('a', ['list', tree, 'notes'])
      assert.deepEqual(items, [{ store: 'notes', key: 'log', version: null, text: true }])
      assert.equal((await run('stores', tree)).stdout, 'notes\n')
      assert.equal((await run('get', tree, 'notes', 'log')).stdout, 'one\n\u{1f600} and two\n')
    })

    it('are edited in an editor, and what others typed meanwhile stays', async () => {
      await run('text', 'insert', tree, 'notes', 'doc', 'one\ntwo\nthree\n')
      // Somebody else types while the editor is open, if a node serves both.
      const other = running
        ? `${process.execPath} ${builtCommand} text insert ${tree} notes doc --position 3 ' (1)' > /dev/null`
        : ''
      const { stdout } = await edit('doc', `sed -i -e s/two/TWO/ -e '$ a four' "$1"\n${other}`)
      assert.match(stdout, /^bafkrei\w+\n$/)
      assert.equal(await show('doc'), `one${running ? ' (1)' : ''}\nTWO\nthree\nfour\n`)
      const unchanged = await edit('doc', 'exit 0')
      assert.deepEqual([unchanged.stdout, unchanged.code], ['', 0])
      assert.match(unchanged.stderr, /nothing is written/)
    })

    it('keep what was typed where an editor fails', async () => {
      const { code, stderr } = await edit('failed', 'echo draft > "$1"; exit 3')
      assert.equal(code, 1)
      const [, file] = /may be in (\S+text\.txt)\./.exec(stderr) ?? assert.fail(stderr)
      assert.equal(await readFile(file!, 'utf8'), 'draft\n')
      await rm(dirname(file!), { recursive: true })
    })

    it('say what is wrong', async () => {
      const absent = await run('text', 'show', tree, 'notes', 'none')
      assert.equal(absent.code, 1)
      assert.match(absent.stderr, /^causeway: The key "none" has no text in the store "notes"\.\n$/)
      const far = await run('text', 'insert', tree, 'notes', 'far', 'x', '--position', '1')
      assert.equal(far.code, 2)
      assert.match(far.stderr, /0 characters/)
      const bytes = await box.run('a', ['text', 'insert', tree, 'notes', 'far'], Buffer.of(0xff))
      assert.match(bytes.stderr, /UTF-8/)
      assert.equal((await run('text', 'insert', tree, 'notes', '', 'x')).code, 2)
      box.env = { VISUAL: '', EDITOR: '' }
      const editor = await run('text', 'edit', tree, 'notes', 'far')
      box.env = {}
      assert.deepEqual([editor.code, editor.stdout], [2, ''])
      assert.match(editor.stderr, /^causeway: Expected a terminal for the editor `vi`[^\n]*VISUAL[^\n]*\n$/)
    })

    it('beside a value are told of, since reads of the key show the value', async () => {
      await run('put', tree, 'notes', 'both', 'a value')
      // A longer key that begins so has no value of this one.
      assert.equal((await run('text', 'insert', tree, 'notes', 'bot', 'x')).stderr, '')
      const { code, stdout, stderr } = await run('text', 'insert', tree, 'notes', 'both', 'a text')
      assert.deepEqual([code, stdout.startsWith('bafkrei')], [0, true])
      assert.match(stderr, /^causeway: The key "both" also has a value, [^\n]*`causeway text show`[^\n]*\n$/)
    })
  })
