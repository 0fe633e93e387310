/** What a web page of any origin gets of a node: public trees without a token, by each way in which a page can ask. */
import { type CausewayError, connect, Key, proto } from '@causeway-sync/client'
import { type ConnectError, createClient } from '@connectrpc/connect'
import { createGrpcWebTransport } from '@connectrpc/connect-web'

const codeOf = (error: unknown) => (error as CausewayError | ConnectError).code

/** Reads all that the page may read at a node. */
async function read(address: string) {
  await using client = connect(address)
  const names: string[] = []
  let entries = 0
  for await (const { id, name } of client.trees.list()) {
    names.push(name)
    entries += (await client.trees.fetch(id)).count
  }
  await using withKey = connect(address, { key: Key.generate() })
  const proven = await withKey.trees.list().next().catch(codeOf)
  const grpcWeb = createClient(proto.TreeService, createGrpcWebTransport({ baseUrl: address }))
  const byGrpcWeb = (await grpcWeb.listTrees({})).trees.map(({ name }) => name)
  const unknown = await grpcWeb.getTree({ tree: new Uint8Array(32) }).catch(codeOf)
  const query = 'connect=v1&encoding=json&message=%7B%7D'
  const byGet = (await (await fetch(`${address}/causeway.v1.TreeService/ListTrees?${query}`)).json()) as {
    trees: unknown[]
  }
  return { names, entries, proven, byGrpcWeb, unknown, byGet: byGet.trees.length }
}

const results: unknown[] = []
try {
  for (const address of (await (await fetch('/tasks')).json()) as string[])
    results.push(await read(address).catch((error) => codeOf(error) ?? String(error)))
} finally {
  await fetch('/done', { method: 'POST', body: JSON.stringify(results) })
}
