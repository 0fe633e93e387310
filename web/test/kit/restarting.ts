/** A node with its page that can be stopped and started again, on the same folder and ports, as a service is. */
import { createClient } from '@connectrpc/connect'
import { NodeService } from '../../../gen/causeway/v1/node_pb.ts'
import { createNode, type Node } from '../../../src/node/node.ts'

const anyPort = { host: '127.0.0.1', port: 0 }

export class Restarting implements AsyncDisposable {
  node: Node
  /** Where its page is. */
  readonly url: string
  private readonly data: string

  private constructor(node: Node, url: string, data: string) {
    this.node = node
    this.url = url
    this.data = data
  }

  static async open(data: string): Promise<Restarting> {
    const node = await start(data)
    return new Restarting(node, await node.listenAdmin(anyPort), data)
  }

  /** Stops the node; its page is gone. */
  async stop(): Promise<void> {
    await this.node.close(0)
  }

  /** Opens the node again. Its page is not there before `serve`. */
  async start(): Promise<void> {
    this.node = await start(this.data)
  }

  /** Serves the page where it was. */
  async serve(): Promise<void> {
    const { hostname: host, port } = new URL(this.url)
    await this.node.listenAdmin({ host, port: Number(port) })
  }

  async link(): Promise<string> {
    return (await createClient(NodeService, this.node.rpc()).createPageLink({})).url
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node.close(0)
  }
}

async function start(data: string): Promise<Node> {
  const node = await createNode({ data, http: anyPort })
  await node.listen()
  return node
}
