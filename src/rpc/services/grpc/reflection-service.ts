/**
 * Server reflection, v1 and v1alpha, by which `grpcurl` and others learn the contract from a node's address alone. Every
 * node answers the same contract, so anybody may ask.
 */
import { type DescFile, type DescMessage, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { Code, type HandlerContext } from '@connectrpc/connect'
import type { ServerReflectionRequest as Request } from '../../../../gen/grpc/reflection/v1/reflection_pb.ts'
import type { ServerReflectionRequest as AlphaRequest } from '../../../../gen/grpc/reflection/v1alpha/reflection_pb.ts'
import { CausewayError } from '../../../base/errors.ts'
import { limits } from '../../../base/limits.ts'
import { loadKey } from '../../server/load.ts'

type Question = (Request | AlphaRequest)['messageRequest']

/** Answers the questions of both versions of the service, which differ in nothing but their names. */
export class Reflection {
  private readonly roots: readonly DescFile[]
  private readonly services: readonly string[]
  /** By their paths, such as `causeway/v1/tree.proto`. */
  private readonly files = new Map<string, DescFile>()
  /** The file that declares each symbol, by the symbol's full name. */
  private readonly symbols = new Map<string, DescFile>()
  private readonly messages = new Set<string>()
  /** The files that were asked for, as they are sent. */
  private readonly bytes = new Map<DescFile, Uint8Array>()

  /** Describes these files and those that they import. `services` has the names of the node's services. */
  constructor(files: readonly DescFile[], services: readonly string[]) {
    this.roots = files
    this.services = services
  }

  /** The method of the service. Each question counts as a call, and is answered in its caller's turn. */
  async *serverReflectionInfo(
    requests: AsyncIterable<Request | AlphaRequest>,
    { values, signal }: HandlerContext,
  ) {
    const load = values.get(loadKey)
    // At the first question, since few nodes are ever asked.
    for (const file of this.roots) this.add(file)
    /** A file is sent once in a stream. */
    const sent = new Set<DescFile>()
    let count = 0
    for await (const request of requests) {
      if (++count > limits.reflectionRequests)
        throw new CausewayError(
          'LIMIT_EXCEEDED',
          `A stream of server reflection may ask ${limits.reflectionRequests} questions: open another one.`,
          { data: { limit: limits.reflectionRequests } },
        )
      load.charge(1)
      const { host, messageRequest } = request
      const messageResponse = await load.work(signal, async () => this.answer(messageRequest, sent))
      yield {
        validHost: host,
        originalRequest: { host, messageRequest: copyOf(messageRequest) },
        messageResponse,
      }
    }
  }

  private answer(question: Question, sent: Set<DescFile>) {
    switch (question.case) {
      case 'listServices': {
        const service = this.services.map((name) => ({ name }))
        return { case: 'listServicesResponse' as const, value: { service } }
      }
      case 'fileByFilename':
        return this.filesFrom(this.files.get(question.value), question.value, sent)
      case 'fileContainingSymbol':
        return this.filesFrom(this.symbols.get(question.value), question.value, sent)
      case 'allExtensionNumbersOfType':
        // The contract has no extensions.
        if (!this.messages.has(question.value)) return notFound(question.value)
        return {
          case: 'allExtensionNumbersResponse' as const,
          value: { baseTypeName: question.value, extensionNumber: [] },
        }
      case 'fileContainingExtension':
        return notFound(`${question.value.containingType}:${question.value.extensionNumber}`)
      default:
        return failure(Code.InvalidArgument, 'The question is of no kind that this node knows.')
    }
  }

  /** Returns a file, which clients expect to be the first one, and all that it imports and was not sent before. */
  private filesFrom(file: DescFile | undefined, name: string, sent: Set<DescFile>) {
    if (file === undefined) return notFound(name)
    // A file that is asked for by itself is always sent.
    sent.delete(file)
    const fileDescriptorProto: Uint8Array[] = []
    const send = (each: DescFile) => {
      if (sent.has(each)) return
      sent.add(each)
      fileDescriptorProto.push(this.encoded(each))
      for (const imported of each.dependencies) send(imported)
    }
    send(file)
    return { case: 'fileDescriptorResponse' as const, value: { fileDescriptorProto } }
  }

  private encoded(file: DescFile): Uint8Array {
    const bytes = this.bytes.get(file) ?? toBinary(FileDescriptorProtoSchema, file.proto)
    this.bytes.set(file, bytes)
    return bytes
  }

  private add(file: DescFile): void {
    if (this.files.has(file.proto.name)) return
    this.files.set(file.proto.name, file)
    for (const imported of file.dependencies) this.add(imported)
    const declare = (name: string) => this.symbols.set(name, file)
    for (const service of file.services) {
      declare(service.typeName)
      for (const method of service.methods) declare(`${service.typeName}.${method.name}`)
    }
    for (const { typeName } of file.enums) declare(typeName)
    for (const message of file.messages) this.addMessage(message)
  }

  private addMessage(message: DescMessage): void {
    this.messages.add(message.typeName)
    this.symbols.set(message.typeName, message.file)
    for (const field of message.fields) this.symbols.set(`${message.typeName}.${field.name}`, message.file)
    for (const { typeName } of message.nestedEnums) this.symbols.set(typeName, message.file)
    for (const nested of message.nestedMessages) this.addMessage(nested)
  }
}

/** Returns a question without the name of the version that it is of. */
function copyOf(question: Question) {
  if (question.case !== 'fileContainingExtension') return question
  const { containingType, extensionNumber } = question.value
  return { case: question.case, value: { containingType, extensionNumber } }
}

function notFound(name: string) {
  return failure(Code.NotFound, `This node knows no ${JSON.stringify(name.slice(0, 200))}.`)
}

function failure(errorCode: Code, errorMessage: string) {
  return { case: 'errorResponse' as const, value: { errorCode, errorMessage } }
}
