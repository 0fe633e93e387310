/** Requests that come over HTTP/1.1 before earlier ones are answered: some are served, and too many end the connection. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { rawSocket, readToEnd } from '../../kit/raw-socket.ts'
import { ServingNode } from '../../kit/serving-node.ts'
import { until } from '../../kit/until.ts'

const request = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'

it('serves as many pipelined requests as the bound allows, again and again', async () => {
  await using serving = await ServingNode.start()
  const socket = await rawSocket(serving)
  let text = ''
  socket.on('data', (chunk) => (text += chunk))
  for (let round = 1; round <= 3; round++) {
    socket.write(request.repeat(limits.requestsPipelined))
    await until(
      'all are answered',
      () => text.split('HTTP/1.1 200').length - 1 === round * limits.requestsPipelined,
    )
  }
  socket.destroy()
})

it('ends a connection with more of them', async () => {
  await using serving = await ServingNode.start()
  const socket = await rawSocket(serving)
  socket.write(request.repeat(limits.requestsPipelined + 1))
  const text = await readToEnd(socket)
  assert.ok(text.split('HTTP/1.1 200').length - 1 <= limits.requestsPipelined, text)
  socket.destroy()
  await serving.assertServing()
  assert.deepEqual(serving.problems, [])
})

it('outlives connections that are lost with many requests under way', async () => {
  await using serving = await ServingNode.start()
  const call =
    'POST /causeway.v1.TreeService/ListTrees HTTP/1.1\r\nHost: localhost\r\n' +
    'Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'
  for (let round = 0; round < 50; round++) {
    const socket = await rawSocket(serving)
    socket.on('error', () => {})
    socket.write(call.repeat(10 * limits.requestsPipelined))
    if (round % 2 === 0) socket.destroy()
    else await readToEnd(socket)
  }
  await serving.assertServing()
  assert.deepEqual(serving.problems, [])
})
