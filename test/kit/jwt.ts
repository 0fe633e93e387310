/**
 * Tokens as no library makes them: parts of any text, signed or not; and a client that presents one over plain HTTP from
 * an address and on a connection of its choice, and reads the typed error.
 */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { Agent, request } from 'node:http'
import type { Identity } from '../../src/dag/identity.ts'
import type { ServingNode } from './serving-node.ts'

export const base64url = (text: string | Uint8Array): string => Buffer.from(text).toString('base64url')

export function keyOf({ seed }: Identity): KeyObject {
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
  return createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' })
}

let made = 0

/** Returns claims that hold at this node now, with a `jti` of their own. */
export function goodClaims(serving: ServingNode, issuer: Identity): Record<string, unknown> {
  const exp = Math.floor(Date.now() / 1000) + 60
  return {
    iss: issuer.peer,
    aud: serving.node.peer,
    exp,
    jti: `test ${made++}`,
    binding: serving.node.binding,
  }
}

/** Returns a token of this header and payload, each an object or a text, that its issuer or somebody else signs. */
export function signToken(
  signer: Identity,
  payload: object | string,
  header: object | string = { alg: 'EdDSA' },
): string {
  const text = (part: object | string) => (typeof part === 'string' ? part : JSON.stringify(part))
  const signed = `${base64url(text(header))}.${base64url(text(payload))}`
  return `${signed}.${base64url(sign(null, Buffer.from(signed), keyOf(signer)))}`
}

export interface Answer {
  /** 0 if the connection ended without an answer. */
  readonly status: number
  /** The code of the contract, with the reason if it has one; `ok` if the call succeeded. */
  readonly outcome: string
}

/** One connection over HTTP/1.1, from an address of this machine. It opens anew if the node ends it. */
export class PlainCaller implements Disposable {
  private readonly agent: Agent
  private readonly serving: ServingNode

  constructor(serving: ServingNode, localAddress = '127.0.0.1') {
    this.serving = serving
    this.agent = new Agent({ keepAlive: true, maxSockets: 1, localAddress })
  }

  /** Makes a unary call in JSON, with these Authorization headers. */
  call(path: string, authorization: string | readonly string[] | undefined, body: object): Promise<Answer> {
    const headers = {
      'content-type': 'application/json',
      'connect-protocol-version': '1',
      ...(authorization !== undefined && { authorization: authorization as string }),
    }
    return new Promise((resolve) => {
      const { agent } = this
      const cut = () => resolve({ status: 0, outcome: 'cut' })
      const asked = request(
        { ...this.serving.hostPort, path: `/causeway.v1.${path}`, method: 'POST', agent, headers },
        (response) => {
          let text = ''
          response.on('data', (chunk) => (text += chunk))
          response.once('error', cut)
          response.once('end', () =>
            resolve({ status: response.statusCode!, outcome: outcomeOf(response.statusCode!, text) }),
          )
        },
      )
      asked.once('error', cut)
      asked.end(JSON.stringify(body))
    })
  }

  [Symbol.dispose](): void {
    this.agent.destroy()
  }
}

function outcomeOf(status: number, text: string): string {
  if (status === 200) return 'ok'
  if (!text.startsWith('{')) return `HTTP ${status}`
  const { details = [] } = JSON.parse(text) as {
    details?: { debug?: { code?: string; data?: { reason?: string } }; value: string }[]
  }
  const { code, data } = details[0]?.debug ?? {}
  return [code ?? `HTTP ${status}`, ...(data?.reason === undefined ? [] : [data.reason])].join(' ')
}
