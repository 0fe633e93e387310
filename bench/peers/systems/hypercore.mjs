/** Hypercore: each side writes a log of its own, and both logs cross on one connection. */
import { createServer, connect as dial } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import Hypercore from 'hypercore'
import { payload } from './side.mjs'

export async function open(folder) {
  const own = new Hypercore(join(folder, 'own'))
  await own.ready()
  let theirs
  let socket
  const listeners = []
  const replicate = (stream, isInitiator) => {
    const replication = own.replicate(isInitiator)
    theirs.replicate(replication)
    pipeline(stream, replication, stream, () => {})
  }
  return {
    info: { key: own.key.toString('hex') },
    async meet({ key }) {
      theirs = new Hypercore(join(folder, 'theirs'), Buffer.from(key, 'hex'))
      await theirs.ready()
      theirs.download({ start: 0, end: -1 })
      theirs.on('download', async (index) => {
        if (listeners.length === 0) return
        const block = await theirs.get(index)
        for (const listener of listeners) listener(block)
      })
    },
    async fill(count) {
      for (let index = 0; index < count; index += 100)
        await own.append(Array.from({ length: Math.min(100, count - index) }, () => payload()))
    },
    serve: () =>
      new Promise((resolve) => {
        const server = createServer((stream) => replicate(stream, false))
        server.listen(0, '127.0.0.1', () => resolve(server.address().port))
      }),
    async connect(port) {
      socket = dial(port, '127.0.0.1')
      replicate(socket, true)
      await theirs.update({ wait: true })
    },
    disconnect() {
      socket.destroy()
    },
    add: (bytes) => own.append(bytes),
    count: () => own.length + theirs.contiguousLength,
    onEntry: (listener) => listeners.push(listener),
  }
}
