/**
 * Arbitrary messages of the contract, generated from its descriptors, so that a new field or call is fuzzed as soon as
 * it exists. Ids that a node knows (trees, entries, peers, tickets) are mixed in, since arbitrary ones alone would
 * never get past the first look-up.
 */
import { create, type DescField, type DescMessage, type Message, ScalarType } from '@bufbuild/protobuf'
import fc from 'fast-check'

/** Values that mean something to a node. */
export interface Known {
  readonly ids: readonly Uint8Array[]
  readonly texts: readonly string[]
}

export const nothingKnown: Known = { ids: [], texts: [] }

/** Deep enough for every message, since the contract has no recursive one. */
const deepest = 4

export function anyMessage(schema: DescMessage, known: Known, depth = 0): fc.Arbitrary<Message> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {}
  for (const field of schema.fields)
    if (field.oneof === undefined)
      fields[field.localName] = fc.option(anyField(field, known, depth), { nil: undefined, freq: 4 })
  for (const oneof of schema.oneofs) {
    const cases = oneof.fields.map((field) =>
      anyField(field, known, depth).map((value) => ({ case: field.localName, value })),
    )
    fields[oneof.localName] = fc.option(fc.oneof(...cases), { nil: undefined, freq: 4 })
  }
  return fc.record(fields, { noNullPrototype: true }).map((init) => {
    const present = Object.entries(init).filter(([, value]) => value !== undefined)
    return create(schema, Object.fromEntries(present))
  })
}

function anyField(field: DescField, known: Known, depth: number): fc.Arbitrary<unknown> {
  switch (field.fieldKind) {
    case 'scalar':
      return anyScalar(field.scalar, known)
    case 'enum':
      return fc.oneof(
        fc.constantFrom(...field.enum.values.map(({ number }) => number)),
        fc.integer({ min: 0, max: 40 }),
      )
    case 'message':
      return depth < deepest ? anyMessage(field.message, known, depth + 1) : fc.constant(undefined)
    case 'list': {
      const item =
        field.listKind === 'scalar'
          ? anyScalar(field.scalar, known)
          : field.listKind === 'enum'
            ? fc.constantFrom(...field.enum.values.map(({ number }) => number))
            : anyMessage(field.message, known, depth + 1)
      return depth > 1 || field.listKind === 'message'
        ? fc.array(item, { maxLength: 4 })
        : fc.oneof(
            { weight: 9, arbitrary: fc.array(item, { maxLength: 4 }) },
            { weight: 1, arbitrary: fc.array(item, { minLength: 20, maxLength: 300, size: 'max' }) },
          )
    }
    case 'map':
      return fc.dictionary(fc.string(), fc.string())
  }
}

function anyScalar(type: ScalarType, known: Known): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.BYTES: {
      const any = [
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ maxLength: 70, size: 'max' }),
        fc.constant(new Uint8Array(0)),
      ]
      return known.ids.length === 0
        ? fc.oneof(...any)
        : fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...known.ids) }, ...any)
    }
    case ScalarType.STRING: {
      const any = [
        fc.string({ unit: 'grapheme', maxLength: 30 }),
        fc.constant(''),
        fc.constant('x'.repeat(9_000)),
      ]
      return known.texts.length === 0 ? fc.oneof(...any) : fc.oneof(fc.constantFrom(...known.texts), ...any)
    }
    case ScalarType.BOOL:
      return fc.boolean()
    case ScalarType.UINT64:
      return fc.oneof(fc.bigInt({ min: 0n, max: 5n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
    case ScalarType.INT64:
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    case ScalarType.UINT32:
      return fc.oneof(
        fc.nat({ max: 5 }),
        fc.nat({ max: 2 ** 31 - 1 }).map((half) => half * 2),
      )
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return fc.float()
    default:
      return fc.integer({ min: -5, max: 1000 })
  }
}
