/** automerge-repo over WebSockets: a document with a list, one change an entry. */
import { Repo } from '@automerge/automerge-repo'
import { WebSocketClientAdapter, WebSocketServerAdapter } from '@automerge/automerge-repo-network-websocket'
import { NodeFSStorageAdapter } from '@automerge/automerge-repo-storage-nodefs'
import { WebSocketServer } from 'ws'
import { payload } from './side.mjs'

export async function open(folder, role) {
  const serving = role === 'serving'
  const storage = new NodeFSStorageAdapter(folder)
  const sockets = serving ? new WebSocketServer({ port: 0, host: '127.0.0.1' }) : undefined
  const network = serving ? [new WebSocketServerAdapter(sockets)] : []
  const repo = new Repo({ storage, network, sharePolicy: async () => true })
  let handle = serving ? repo.create({ log: [] }) : undefined
  let url = handle?.url
  let adapter
  const listeners = []
  const listen = () =>
    handle.on('change', ({ patches }) => {
      for (const { action, value, values } of patches)
        for (const bytes of action === 'insert' ? values : [value])
          if (bytes instanceof Uint8Array) for (const listener of listeners) listener(bytes)
    })
  const add = (bytes) =>
    handle.change((document) => {
      document.log.push(new Uint8Array(bytes))
    })
  if (serving) listen()
  return {
    info: { url },
    meet(info) {
      url ??= info.url
    },
    async fill(count) {
      for (let index = 0; index < count; index++) add(payload())
      await repo.flush()
    },
    serve: () => `ws://127.0.0.1:${sockets.address().port}`,
    async connect(address) {
      adapter = new WebSocketClientAdapter(address)
      repo.networkSubsystem.addNetworkAdapter(adapter)
      if (handle !== undefined) return
      await adapter.whenReady()
      handle = await repo.find(url)
      listen()
    },
    async disconnect() {
      await repo.flush()
      repo.networkSubsystem.removeNetworkAdapter(adapter)
    },
    add,
    count: () => handle?.doc()?.log?.length ?? 0,
    onEntry: (listener) => listeners.push(listener),
  }
}
