/**
 * Server reflection: both versions tell the whole contract, question by question, so that a client that knows nothing but
 * the address can make every call; and a stream of questions is bounded.
 */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { create, createFileRegistry, fromBinary } from '@bufbuild/protobuf'
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt'
import { Code } from '@connectrpc/connect'
import { TreeService } from '../../../../gen/causeway/v1/tree_pb.ts'
import {
  ServerReflection,
  type ServerReflectionResponse,
} from '../../../../gen/grpc/reflection/v1/reflection_pb.ts'
import { ServerReflection as Alpha } from '../../../../gen/grpc/reflection/v1alpha/reflection_pb.ts'
import { limits } from '../../../../src/base/limits.ts'
import { limited } from '../../../kit/limited.ts'
import { fails } from '../../../kit/rpc-errors.ts'
import { ServingNode } from '../../../kit/serving-node.ts'

type Question = { readonly case: string | undefined; readonly value: unknown }
type Answer = ServerReflectionResponse['messageResponse']

const listServices: Question = { case: 'listServices', value: '' }
const symbol = (value: string): Question => ({ case: 'fileContainingSymbol', value })

/** Asks questions one by one, each after the answer to the last, on one stream of a stranger. */
async function ask(serving: ServingNode, questions: readonly Question[], service = ServerReflection) {
  const { connection } = await serving.dialAs(undefined, 'grpc')
  let wake = () => {}
  async function* requests() {
    for (const messageRequest of questions) {
      const answered = new Promise<void>((resolve) => {
        wake = resolve
      })
      yield { host: 'h', messageRequest } as never
      await answered
    }
  }
  const answers: Answer[] = []
  const stream = connection.client(service).serverReflectionInfo(requests())
  for await (const { messageResponse, validHost, originalRequest } of stream) {
    assert.equal(validHost, 'h')
    assert.equal(originalRequest?.messageRequest.case, questions[answers.length]!.case)
    answers.push(messageResponse)
    wake()
  }
  return answers
}

function filesOf(answer: Answer | undefined): FileDescriptorProto[] {
  if (answer?.case !== 'fileDescriptorResponse') return []
  return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes))
}

/** Returns files after those that they import. */
function sorted(files: ReadonlyMap<string, FileDescriptorProto>): FileDescriptorProto[] {
  const done = new Set<FileDescriptorProto>()
  const add = (file: FileDescriptorProto) => {
    for (const name of file.dependency) add(files.get(name)!)
    done.add(file)
  }
  for (const file of files.values()) add(file)
  return [...done]
}

const shapeOf = ({ methods }: Pick<typeof TreeService, 'methods'>) =>
  methods.map(({ name, input }) => [name, input.fields.map((field) => [field.number, field.name])])

describe('Server reflection', () => {
  for (const [name, service] of [
    ['v1', ServerReflection],
    ['v1alpha', Alpha as unknown as typeof ServerReflection],
  ] as const)
    it(`${name} tells every service, and files from which each can be called`, async () => {
      await using serving = await ServingNode.start()
      const [listed] = await ask(serving, [listServices], service)
      assert.equal(listed?.case, 'listServicesResponse')
      const services = listed.value.service.map(({ name }) => name)
      assert.ok(services.includes(TreeService.typeName) && services.includes('grpc.health.v1.Health'))
      const files = (await ask(serving, services.map(symbol), service)).map(filesOf)
      // The file that was asked for is the first, and what it imports was sent now or before.
      for (const [index, [first]] of files.entries())
        assert.ok(
          first!.service.some(({ name }) => services[index] === `${first!.package}.${name}`),
          services[index],
        )
      const all = new Map(files.flat().map((file) => [file.name, file]))
      assert.equal(files.flat().filter(({ name }) => name === 'causeway/v1/entry.proto').length, 1)
      const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: sorted(all) }))
      for (const service of services) assert.ok(registry.getService(service), service)
      assert.deepEqual(shapeOf(registry.getService(TreeService.typeName)!), shapeOf(TreeService))
    })

  it('finds methods, messages, fields, enums and files, and says what it does not know', async () => {
    await using serving = await ServingNode.start()
    const tree = 'causeway/v1/tree.proto'
    const answers = await ask(serving, [
      symbol('causeway.v1.TreeService.GetTree'),
      symbol('causeway.v1.GetTreeRequest'),
      symbol('causeway.v1.GetTreeRequest.tree'),
      symbol('causeway.v1.PublicAccess'),
      symbol('causeway.v1.ErrorDetail'),
      { case: 'fileByFilename', value: tree },
      { case: 'allExtensionNumbersOfType', value: 'causeway.v1.GetTreeRequest' },
      symbol('causeway.v1.Nothing'),
      { case: 'fileByFilename', value: 'nothing.proto' },
      { case: 'allExtensionNumbersOfType', value: 'causeway.v1.Nothing' },
      { case: 'fileContainingExtension', value: { containingType: 'causeway.v1.Tree', extensionNumber: 1 } },
      listServices,
      { case: undefined, value: undefined },
    ])
    const firsts = answers.slice(0, 6).map((answer) => filesOf(answer)[0]?.name)
    assert.deepEqual(firsts, [tree, tree, tree, 'causeway/v1/entry.proto', 'causeway/v1/error.proto', tree])
    assert.deepEqual(
      answers
        .slice(6)
        .map((answer) => (answer.case === 'errorResponse' ? answer.value.errorCode : answer.case)),
      [
        'allExtensionNumbersResponse',
        ...Array(4).fill(Code.NotFound),
        'listServicesResponse',
        Code.InvalidArgument,
      ],
    )
  })

  it('ends a stream of too many questions, and refuses one that is too long', async () => {
    await using serving = await ServingNode.start()
    using _ = limited({ reflectionRequests: 3 })
    assert.equal((await ask(serving, Array(3).fill(listServices))).length, 3)
    await fails(ask(serving, Array(4).fill(listServices)), 'LIMIT_EXCEEDED', 'InvalidArgument')
    const long = symbol('x'.repeat(limits.streamedRequestBytes))
    await fails(ask(serving, [long]), 'LIMIT_EXCEEDED', 'ResourceExhausted')
  })

  /** Asks a question on a stream that stays open until `end` is called. */
  async function openStream(serving: ServingNode) {
    const client = (await serving.dialAs(undefined, 'grpc')).connection.client(ServerReflection)
    let end = () => {}
    async function* open() {
      yield { messageRequest: { case: 'listServices' as const, value: '' } }
      await new Promise<void>((resolve) => {
        end = resolve
      })
    }
    return { held: client.serverReflectionInfo(open())[Symbol.asyncIterator](), end: () => end() }
  }

  it('ends a stream whose questions do not end', async () => {
    using _ = limited({ requestTimeoutMs: 100 })
    await using serving = await ServingNode.start()
    const { held } = await openStream(serving)
    await fails({ [Symbol.asyncIterator]: () => held }, 'TIMEOUT', 'DeadlineExceeded')
    await serving.assertServing()
  })

  it('charges each question to its caller', async () => {
    using _ = limited({ strangerRequestBurst: 5, strangerRequestsPerSecond: 0.000_1 })
    await using serving = await ServingNode.start()
    await ask(serving, Array(4).fill(listServices))
    await fails(ask(serving, [listServices]), 'RESOURCE_EXHAUSTED', 'ResourceExhausted')
  })

  it('answers nobody whose work was too much', async () => {
    using _ = limited({ strangerWorkBurstMs: 0.001, strangerWorkMsPerSecond: 0.001 })
    await using serving = await ServingNode.start()
    await fails(
      ask(serving, Array(9).fill(symbol(TreeService.typeName))),
      'RESOURCE_EXHAUSTED',
      'ResourceExhausted',
    )
  })

  it('counts its streams for the strangers of an origin', async () => {
    using _ = limited({ strangerCalls: 1 })
    await using serving = await ServingNode.start()
    const { held, end } = await openStream(serving)
    await held.next()
    await fails(ask(serving, [symbol('x')]), 'RESOURCE_EXHAUSTED', 'ResourceExhausted')
    end()
    assert.equal((await held.next()).done, true)
  })
})
