/**
 * What a web page does with a node, in a browser: proves a key that WebCrypto never shows, reads a private tree, writes to
 * it, and watches. The page reports to the test that serves it.
 */
import { type CausewayError, connect, Key, type TreeId } from '@causeway-sync/client'

/** What the test tells the page. */
interface Task {
  readonly address: string
  readonly peer: string
  readonly tree: TreeId
}

const post = async (path: string, body: unknown) =>
  (await fetch(path, { method: 'POST', body: JSON.stringify(body) })).json()

const codeOf = (error: unknown) => (error as CausewayError).code ?? String(error)

async function run({ address, peer, tree }: Task) {
  const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])
  if (!('privateKey' in pair)) throw new Error('no pair')
  const key = await Key.fromCryptoKeys(pair)
  await using client = connect(address, { key, peer })
  const before = await client.trees.get(tree).catch(codeOf)
  await post('/grant', { peer: key.peer })
  const whole = await client.trees.fetch(tree)
  const notes = client.stores.open(tree, 'notes')
  const first = (await notes.get('first'))?.value

  const over = new AbortController()
  const watch = notes.watch({ signal: over.signal })
  const nextKey = async () => {
    // That all keys were sent is told too, without a key.
    for (;;) {
      const { value } = await watch.next()
      if (value!.items.length > 0) return value!.items[0]!.key
    }
  }
  const watched = [await nextKey()]
  const at = await notes.put('second', { from: 'a page' })
  const item = await notes.get('second', { at })
  watched.push(await nextKey())
  // The watch goes on over a new connection.
  await post('/cut', {})
  await post('/write', {})
  watched.push(await nextKey())
  over.abort()

  const place = (await client.trees.fetch(tree)).place()
  const changes = [{ store: 'log', kind: 'line', payload: new TextEncoder().encode('signed here') }]
  const own = await key.signEntry({ ...place, createdAtMs: Date.now(), changes })
  const sent = await client.trees.submit(tree, [own])
  const after = await client.trees.fetch(tree)
  return {
    ...{ before, first, author: item?.author === key.peer, value: item?.value, sent: sent.added },
    watched,
    ...{
      extractable: pair.privateKey.extractable,
      counts: [whole.count, after.count],
      own: after.get(own.id)?.id === own.id,
    },
    signed: after.entries().filter(({ body }) => body.author === key.peer).length,
  }
}

const results: unknown[] = []
try {
  for (const task of (await (await fetch('/tasks')).json()) as Task[]) results.push(await run(task))
  await post('/done', results)
} catch (error) {
  await post('/done', [...results, `${codeOf(error)}: ${(error as Error).stack}`])
}
