/** Hocuspocus: a server of Yjs documents with an array, one transaction an entry. Its provider stores nothing. */
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { Server } from '@hocuspocus/server'
import WebSocket from 'ws'
import * as Y from 'yjs'
import { payload } from './side.mjs'

const name = 'bench'

export async function open(_folder, role) {
  const listeners = []
  let document = new Y.Doc()
  let server
  let provider
  let socket
  if (role === 'serving') {
    server = new Server({ port: 0, address: '127.0.0.1', quiet: true, stopOnSignals: false })
    await server.listen()
    const direct = await server.hocuspocus.openDirectConnection(name)
    document = direct.document
  }
  const log = () => document.getArray('log')
  const add = (bytes) => log().push([new Uint8Array(bytes)])
  log().observe((event) => {
    for (const { insert = [] } of event.changes.delta)
      for (const bytes of insert) for (const listener of listeners) listener(bytes)
  })
  return {
    info: {},
    fill(count) {
      for (let index = 0; index < count; index++) add(payload())
    },
    serve: () => `ws://127.0.0.1:${server.address.port}`,
    connect: (url) =>
      new Promise((resolve) => {
        socket = new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: WebSocket })
        provider = new HocuspocusProvider({ websocketProvider: socket, name, document })
        provider.on('synced', () => resolve())
        provider.attach()
      }),
    disconnect() {
      provider.destroy()
      socket.destroy()
    },
    add,
    count: () => log().length,
    onEntry: (listener) => listeners.push(listener),
  }
}
