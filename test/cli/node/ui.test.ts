/** `causeway ui` with `causeway serve`, as built: the link opens the page that is in the package, until its sessions end. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { Sandbox } from '../../kit/command.ts'

describe('causeway ui', () => {
  it('prints a link that opens the built page, and ends its sessions', async () => {
    await using box = await Sandbox.create()
    const { ready } = await box.serve('a')
    const { url } = await box.json<{ url: string }>('a', ['ui'])
    assert.ok(url.startsWith(`${(ready as { admin?: string }).admin}/login/`))
    const opened = await fetch(url)
    assert.equal(opened.status, 200)
    const cookie = opened.headers.get('set-cookie')!.split(';')[0]!
    const page = await fetch(new URL('/', url), { headers: { cookie } })
    const [, script = ''] = /<script [^>]*src="\.\/(assets\/[\w-]+\.js)"/.exec(await page.text()) ?? []
    const asked = await fetch(new URL(script, new URL('/', url)), { headers: { cookie } })
    assert.match(asked.headers.get('content-type')!, /javascript/)
    assert.match(asked.headers.get('cache-control')!, /immutable/)
    await asked.arrayBuffer()
    const stranger = await fetch(new URL(script, new URL('/', url)))
    assert.equal(stranger.status, 403)
    assert.match(await stranger.text(), /causeway ui/)
    assert.deepEqual(await box.json('a', ['ui', '--end']), { ended: 1 })
    assert.equal((await fetch(new URL('/', url), { headers: { cookie } })).status, 403)
  })

  it('says what to do without a running node', async () => {
    await using box = await Sandbox.create()
    await box.run('a', ['id'])
    const { code, stderr } = await box.run('a', ['ui'])
    assert.equal(code, 1)
    assert.match(stderr, /causeway serve/)
  })
})
