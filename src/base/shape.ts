/**
 * Checks the types of arguments at the edge of the library. A caller in JavaScript, or one that casts, otherwise gets
 * silent nonsense: a text given as a payload would be signed as zero bytes.
 */
import { CausewayError } from './errors.ts'

/** Checks a value. `name` says where it is in the call, such as `changes[0].payload`. Throws INVALID_ARGUMENT. */
export type Shape = (value: unknown, name: string) => void

/** The parameters of a function, in order. */
export type Parameters = readonly (readonly [name: string, shape: Shape])[]

function shape(what: string, holds: (value: unknown) => boolean): Shape {
  return (value, name) => {
    if (!holds(value)) throw wrongType(name, what, value)
  }
}

function wrongType(name: string, what: string, value: unknown): CausewayError {
  return new CausewayError(
    'INVALID_ARGUMENT',
    `Expected \`${name}\` to be ${what}, got ${describe(value)}: pass a value of that type.`,
    { data: { argument: name } },
  )
}

/** Describes a value without its content, which may be a secret. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (typeof value !== 'object') return `a ${typeof value}`
  const { name } = (value.constructor ?? {}) as { name?: unknown }
  return typeof name === 'string' && name !== '' && name !== 'Object' ? `a ${name}` : 'an object'
}

export const text = shape('a string', (value) => typeof value === 'string')
export const flag = shape('a boolean', (value) => typeof value === 'boolean')
export const callback = shape('a function', (value) => typeof value === 'function')
export const number = shape('a number', (value) => typeof value === 'number' && !Number.isNaN(value))
export const wholeNumber = shape('a whole number that is not negative', (value) => {
  return Number.isSafeInteger(value) && (value as number) >= 0
})
// Also one of another realm, as test runners make them.
export const bytes = shape('a Uint8Array', (value) => {
  return value instanceof Uint8Array || Object.prototype.toString.call(value) === '[object Uint8Array]'
})
/** An id or a PeerId as the library represents it. `parseId` reads the text form of an id. */
export const hex32 = shape('64 lowercase hex digits', (value) => {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
})
export const signal = shape('an AbortSignal', (value) => {
  return typeof (value as AbortSignal | undefined | null)?.addEventListener === 'function'
})
const anObject = shape('an object', (value) => {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
})
const aList = shape('an array', Array.isArray)

export function optional(inner: Shape): Shape {
  return (value, name) => {
    if (value !== undefined) inner(value, name)
  }
}

export function list(inner: Shape): Shape {
  return (value, name) => {
    aList(value, name)
    for (const [index, item] of (value as unknown[]).entries()) inner(item, `${name}[${index}]`)
  }
}

/** An object with these members. It may have others. */
export function object(members: Readonly<Record<string, Shape>>): Shape {
  const entries = Object.entries(members)
  return (value, name) => {
    anObject(value, name)
    for (const [key, inner] of entries) inner((value as Record<string, unknown>)[key], `${name}.${key}`)
  }
}

/** An object whose members all may be absent. */
export function options(members: Readonly<Record<string, Shape>>): Shape {
  return object(Object.fromEntries(Object.entries(members).map(([key, inner]) => [key, optional(inner)])))
}

/** `first` for a string, and `second` for anything else. */
export function textOr(first: Shape, second: Shape): Shape {
  return (value, name) => (typeof value === 'string' ? first : second)(value, name)
}

export function checkAll(parameters: Parameters, args: readonly unknown[]): void {
  for (const [index, [name, inner]] of parameters.entries()) inner(args[index], name)
}

/**
 * Makes methods of a class check their arguments before they run. A method that returns a promise rejects; those named
 * in `throwing` throw.
 */
export function guardMethods(
  prototype: object,
  methods: Readonly<Record<string, Parameters>>,
  throwing: readonly string[] = [],
): void {
  const target = prototype as Record<string, (...args: unknown[]) => unknown>
  for (const [name, parameters] of Object.entries(methods)) {
    const method = target[name]!
    target[name] = function (this: unknown, ...args: unknown[]) {
      try {
        checkAll(parameters, args)
      } catch (error) {
        if (throwing.includes(name)) throw error
        return Promise.reject(error)
      }
      return method.apply(this, args)
    }
  }
}
