/** Calls of NodeService over the HTTP port of a node that `serve` runs, with a token of its key: one for each call. */
import { strict as assert } from 'node:assert'
import type { Sandbox } from './command.ts'

export interface ServedNode {
  readonly box: Sandbox
  /** The name of its data folder. */
  readonly data: string
  readonly address: string
}

/** Makes a unary call in JSON, and returns the answer. */
export async function call<Answer>(node: ServedNode, method: string, request: object = {}): Promise<Answer> {
  const answer = await post(node, method, 'application/json', JSON.stringify(request))
  return JSON.parse(answer.toString()) as Answer
}

/** Makes a call that streams, and returns all of its messages, as they lie on the wire. */
export async function stream(node: ServedNode, method: string, request: object = {}): Promise<string> {
  const body = Buffer.from(JSON.stringify(request))
  const head = Buffer.alloc(5)
  head.writeUInt32BE(body.length, 1)
  const answer = await post(node, method, 'application/connect+json', Buffer.concat([head, body]))
  return answer.toString()
}

async function post(
  { box, data, address }: ServedNode,
  method: string,
  type: string,
  body: string | Buffer<ArrayBuffer>,
): Promise<Buffer> {
  const { token } = await box.json<{ token: string }>(data, ['token'])
  const answer = await fetch(`${address}/causeway.v1.NodeService/${method}`, {
    method: 'POST',
    headers: { 'content-type': type, authorization: `Bearer ${token}`, connection: 'close' },
    body,
  })
  const bytes = Buffer.from(await answer.arrayBuffer())
  assert.equal(answer.status, 200, `${method}: ${bytes}`)
  return bytes
}
