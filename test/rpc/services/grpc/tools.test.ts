/**
 * What people and machines have at hand: grpcurl lists, describes and calls with nothing but an address, and
 * grpc_health_probe, which Kubernetes' own probe works like, sees a node serve. `.ci/grpc-tools` builds both.
 */
import { strict as assert } from 'node:assert'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { PublicAccess } from '../../../../gen/causeway/v1/entry_pb.ts'
import { projectFile } from '../../../kit/project.ts'
import { ServingNode } from '../../../kit/serving-node.ts'

const [grpcurl, probe] = ['grpcurl', 'grpc-health-probe'].map((name) => projectFile(`.ci/bin/${name}`)) as [
  string,
  string,
]
const absent = !existsSync(grpcurl) || !existsSync(probe)
const skip = absent && process.env.GRPC_TOOLS !== 'required' && 'run .ci/grpc-tools, which builds the tools'

/** Runs a tool. Returns what it prints, and its exit code. */
async function run(tool: string, ...args: string[]): Promise<{ code: number; text: string }> {
  return promisify(execFile)(tool, args, { timeout: 30_000 }).then(
    ({ stdout, stderr }) => ({ code: 0, text: stdout || stderr }),
    ({ code, stdout, stderr }) => ({ code, text: `${stdout}${stderr}` }),
  )
}

describe('grpcurl', { skip }, () => {
  it('lists, describes and calls with an address alone', async () => {
    await using serving = await ServingNode.start()
    await serving.node.createTree('open', PublicAccess.READ)
    const { host, port } = serving.hostPort
    const ask = async (...args: string[]) => {
      const { code, text } = await run(grpcurl, '-plaintext', ...args)
      assert.equal(code, 0, text)
      return text
    }
    const address = `${host}:${port}`
    const services = (await ask(address, 'list')).trim().split('\n')
    assert.ok(services.includes('causeway.v1.TreeService'), String(services))
    for (const service of services) {
      assert.match(await ask(address, 'describe', service), /is a service/)
      assert.ok((await ask(address, 'list', service)).includes(`${service}.`))
    }
    assert.match(await ask(address, 'describe', 'causeway.v1.GetTreeRequest'), /bytes tree = 1/)
    const listed = JSON.parse(await ask(address, 'causeway.v1.TreeService/ListTrees')) as {
      trees: { name: string }[]
    }
    assert.deepEqual(
      listed.trees.map(({ name }) => name),
      ['open'],
    )
    const authorization = `authorization: ${await serving.authorization()}`
    const node = await ask('-H', authorization, address, 'causeway.v1.NodeService/GetNode')
    assert.equal(
      Buffer.from((JSON.parse(node) as { peer: string }).peer, 'base64').toString('hex'),
      serving.node.peer,
    )
    assert.match(await ask(address, 'grpc.health.v1.Health/Check'), /SERVING/)
  })

  it('gets the status of a call that fails, and of a method that is not there', async () => {
    await using serving = await ServingNode.start()
    const { host, port } = serving.hostPort
    const address = `${host}:${port}`
    const refused = await run(grpcurl, '-plaintext', address, 'causeway.v1.NodeService/GetNode')
    assert.match(refused.text, /Code: Unauthenticated[\s\S]*UNAUTHENTICATED/)
    const schema = ['-import-path', projectFile('test/kit/fixtures'), '-proto', 'newer.proto']
    const unknown = await run(grpcurl, '-plaintext', ...schema, address, 'causeway.v1.TreeService/Nothing')
    assert.match(unknown.text, /Code: Unimplemented/)
  })
})

describe('grpc_health_probe', { skip }, () => {
  it('sees the node and each of its services serve, and a service that it does not have', async () => {
    await using serving = await ServingNode.start()
    const { host, port } = serving.hostPort
    const ask = (...args: string[]) => run(probe, `-addr=${host}:${port}`, ...args)
    for (const args of [[], ['-service=causeway.v1.TreeService']]) {
      const { code, text } = await ask(...args)
      assert.deepEqual([code, /SERVING/.test(text)], [0, true], text)
    }
    assert.notEqual((await ask('-service=nothing')).code, 0)
    await serving.node.close(0)
    assert.notEqual((await ask('-connect-timeout=1s')).code, 0)
  })
})
