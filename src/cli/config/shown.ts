/** Settings as people read them, in `causeway config show` and from a running node. */
import { formatByteSize } from '../byte-size.ts'
import { formatHostPort } from '../host-port.ts'
import type { Setting } from './settings.ts'

/** Returns a setting as a person writes it, or null if it has no value. What may be a secret is not shown. */
export function shown({ name, key, value, source }: Setting): Setting & { readonly value: string | null } {
  const isSecret = /(?:token|secret|password)$/.test(name) && value !== undefined
  return { name, key, value: isSecret ? '(hidden)' : textOf(name, value), source }
}

/** Returns a text without what URLs in it say of users, tokens and queries. */
function withoutSecrets(text: string): string {
  return text
    .replaceAll(/:\/\/[^/?#\s,]*@/g, '://(hidden)@')
    .replaceAll(/(:\/\/[^?\s,]*\?)[^\s,]+/g, '$1(hidden)')
}

function textOf(name: string, value: unknown): string | null {
  if (value === undefined) return null
  if (value === false) return 'off'
  if (value === true) return 'on'
  if (typeof value === 'number' && name.startsWith('max-')) return formatByteSize(value)
  if (Array.isArray(value)) return value.length === 0 ? null : withoutSecrets(value.join(', '))
  if (typeof value !== 'object' || value === null) return withoutSecrets(String(value))
  const { host, port } = value as { host: string; port?: number }
  return port === undefined ? host : formatHostPort({ host, port })
}
