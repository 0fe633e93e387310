/** Changes some limits until it is disposed: `using _ = limited({ joins: 1 })`. */
import { limits } from '../../src/base/limits.ts'

export function limited(changed: Partial<Record<keyof typeof limits, number>>): Disposable {
  const before = { ...limits }
  Object.assign(limits, changed)
  return { [Symbol.dispose]: () => void Object.assign(limits, before) }
}
