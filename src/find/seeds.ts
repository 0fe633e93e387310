/**
 * Seeds: where a node looks for peers when it knows no address of theirs, as in a cluster. A seed yields addresses and names
 * no key, so whoever answers there has to prove one. Names are looked up at each use, since a cluster moves.
 */
import { Resolver } from 'node:dns/promises'
import { open, readFile } from 'node:fs/promises'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'

export type Seed =
  /** SRV records (RFC 2782), each of which names a host and a port that speaks HTTP. */
  | { readonly kind: 'srv'; readonly text: string; readonly name: string }
  /** All A and AAAA records of a host, with one port that speaks HTTP. */
  | { readonly kind: 'http'; readonly text: string; readonly name: string; readonly port: number }
  /** A file with one address a line. What follows a # is a comment. */
  | { readonly kind: 'file'; readonly text: string; readonly path: string }

/** The look-ups of node:dns that seeds need. */
export type SeedResolver = Pick<Resolver, 'resolve4' | 'resolve6' | 'resolveSrv'>

/** What seeds yield. */
export interface SeedResults {
  /** Each once, at most `limits.seedResults`. */
  readonly addresses: readonly string[]
  /** The seeds that yield nothing, each with the reason. */
  readonly failed: ReadonlyMap<string, CausewayError>
}

/** Parses `dns+srv:NAME`, `dns+http://HOST:PORT` or `file:PATH`. Throws INVALID_ARGUMENT. */
export function parseSeed(text: string): Seed {
  const isName = (name: string) => name.length <= 253 && /^[\w-]+(\.[\w-]+)*\.?$/.test(name)
  const name = /^dns\+srv:(.+)$/.exec(text)?.[1]
  if (name !== undefined && isName(name)) return { kind: 'srv', text, name }
  const [, host, digits] = /^dns\+http:\/\/([^:/]+):(\d{1,5})\/?$/.exec(text) ?? []
  const port = Number(digits)
  if (host !== undefined && isName(host) && port > 0 && port < 65_536)
    return { kind: 'http', text, name: host, port }
  const path = /^file:(\/\/(?=\/))?(.+)$/.exec(text)?.[2]
  if (path !== undefined) return { kind: 'file', text, path }
  throw new CausewayError(
    'INVALID_ARGUMENT',
    `A seed is dns+srv:NAME, dns+http://HOST:PORT or file:PATH, got ${JSON.stringify(text.slice(0, 200))}.`,
  )
}

/** Parses the seeds of a node. Throws INVALID_ARGUMENT, and LIMIT_EXCEEDED past `limits.seeds`. */
export function parseSeeds(texts: readonly string[]): Seed[] {
  if (texts.length > limits.seeds)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `A node has at most ${limits.seeds} seeds, got ${texts.length}.`,
    )
  return [...new Set(texts)].map(parseSeed)
}

export class Seeds {
  private readonly seeds: readonly Seed[]
  private readonly resolver: SeedResolver
  private readonly searchDomains: () => Promise<readonly string[]>

  /** `resolver` and `searchDomains` are those of this machine, unless a test brings others. */
  constructor(
    seeds: readonly Seed[],
    resolver: SeedResolver = new Resolver({ timeout: limits.seedLookupMs, tries: 1 }),
    searchDomains: () => Promise<readonly string[]> = ownSearchDomains,
  ) {
    this.seeds = seeds
    this.resolver = resolver
    this.searchDomains = searchDomains
  }

  /** Looks all seeds up. One that fails leaves the others as they are. */
  async resolve(): Promise<SeedResults> {
    const failed = new Map<string, CausewayError>()
    const found = await Promise.all(
      this.seeds.map(async (seed) => {
        try {
          return await this.addressesOf(seed)
        } catch (error) {
          failed.set(seed.text, unusable(seed, error as Error))
          return []
        }
      }),
    )
    return { addresses: inTurn(found).slice(0, limits.seedResults), failed }
  }

  private async addressesOf(seed: Seed): Promise<string[]> {
    if (seed.kind === 'file') return addressesIn(await readStart(seed.path))
    if (seed.kind === 'srv') {
      const records = await this.lookUp(seed.name, (name) => this.resolver.resolveSrv(name))
      records.sort((a, b) => a.priority - b.priority)
      return records.map(({ name, port }) => `http://${name}:${port}`)
    }
    const hosts = await this.lookUp(seed.name, (name) => this.hostsOf(name))
    return hosts.map((host) => `http://${host}:${seed.port}`)
  }

  /** Returns the IPv4 and IPv6 addresses of a name, as URLs write them. Throws if it has neither. */
  private async hostsOf(name: string): Promise<string[]> {
    const [v4, v6] = await Promise.allSettled([this.resolver.resolve4(name), this.resolver.resolve6(name)])
    if (v4.status === 'rejected' && v6.status === 'rejected') throw v4.reason
    return [
      ...(v4.status === 'fulfilled' ? v4.value : []),
      ...(v6.status === 'fulfilled' ? v6.value.map((host) => `[${host}]`) : []),
    ]
  }

  /**
   * Looks a name up as it is, and then within the search domains of this machine, as pods name services. node:dns asks for
   * the name alone. Throws the first error if no name is there.
   */
  private async lookUp<Found>(name: string, ask: (name: string) => Promise<Found[]>): Promise<Found[]> {
    try {
      return await ask(name)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (name.endsWith('.') || (code !== 'ENOTFOUND' && code !== 'ENODATA')) throw error
      for (const domain of await this.searchDomains()) {
        const found = await ask(`${name}.${domain}`).catch(() => [])
        if (found.length > 0) return found
      }
      throw error
    }
  }
}

/** Returns the search domains of resolv.conf(5): those of its last `search` line. Systems without that file have none. */
async function ownSearchDomains(): Promise<string[]> {
  const text = await readFile('/etc/resolv.conf', 'utf8').catch(() => '')
  const [last = ''] = [...text.matchAll(/^\s*search\s+(.*)$/gm)].map(([, names]) => names!).slice(-1)
  return last
    .trim()
    .split(/\s+/)
    .map((domain) => domain.replace(/\.$/, ''))
    .filter((domain) => domain !== '')
    .slice(0, limits.searchDomains)
}

/** Reads at most as much of a file as a seed may have. */
async function readStart(path: string): Promise<string> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(limits.seedFileBytes))
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

function addressesIn(text: string): string[] {
  const lines = text.split('\n').map((line) => line.replace(/(^|\s)#.*$/, '').trim())
  return lines.filter((line) => line.length <= limits.addressBytes && /^[a-z][a-z0-9+.-]*:./.test(line))
}

/** Merges lists, an address of each in turn, so that a long one leaves room for the others. */
function inTurn(lists: readonly (readonly string[])[]): string[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length))
  const all = Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list[index] ?? []))
  return [...new Set(all.flat())]
}

function unusable({ text }: Seed, { message }: Error): CausewayError {
  return new CausewayError('UNREACHABLE', `The seed ${text} yields no addresses: ${message}`, {
    data: { seed: text },
  })
}
