/**
 * Holds the house together: imports point downhill by rank, `transport` and `rpc` do not know each other, only the
 * composition root sees everything, every file opens by saying what it is, and none grows into two concepts.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import packageJson from '../package.json' with { type: 'json' }
import { limits } from '../src/limits.ts'
import { version } from '../src/version.ts'
import { projectRoot } from './kit/project.ts'

const source = join(projectRoot, 'src')

/** What each part may import, beside itself, `gen` messages and the ground (errors, limits, clock). */
const downhill: Record<string, readonly string[]> = {
  dag: [],
  store: ['dag'],
  peer: ['dag', 'store'],
  sync: ['dag', 'store', 'peer'],
  transport: ['dag'],
  rpc: ['dag', 'store', 'peer', 'sync'],
  dispatcher: ['dag', 'store', 'peer', 'sync'],
  node: ['dag', 'store', 'peer', 'sync', 'transport', 'rpc', 'dispatcher'],
  cli: ['dag', 'peer', 'rpc', 'transport', 'node'],
}
const ground = new Set(['errors', 'limits', 'garbage', 'clock', 'version', 'origin', 'token-bucket'])
/** Files at the top of `src` that belong to the node. */
const nodeFiles = new Set([
  'node',
  'admission',
  'auto-link',
  'data',
  'dialler',
  'first-sync',
  'health',
  'joining',
  'options',
  'serving',
  'sessions',
  'tickets',
  'index',
])
/** Parts that may use generated services, not just messages. */
const mayUseServices = new Set(['rpc', 'node', 'cli'])
const longestFileLines = 400

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(join(source, name), 'utf8') }))

function partOf(name: string): string {
  const [first, second] = name.split('/')
  const top = first!.replace(/\.ts$/, '')
  if (second !== undefined) return top
  return nodeFiles.has(top) ? 'node' : top
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1]!)
}

test('imports point downhill', () => {
  const wrong: string[] = []
  for (const { name, text } of files) {
    const part = partOf(name)
    for (const target of importsOf(text)) {
      const path = relative(source, join(source, dirname(name), target))
      if (path.startsWith('../gen/')) {
        if (
          !mayUseServices.has(part) &&
          /\w+Service\b/.test(text.match(new RegExp(`import[^;]*?'${target}'`))?.[0] ?? '')
        )
          wrong.push(`${name} uses a service of ${path}`)
        continue
      }
      const to = partOf(path)
      if (to === part || ground.has(to)) continue
      if (!downhill[part]?.includes(to)) wrong.push(`${name} (${part}) imports ${path} (${to})`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('every part has a rank', () => {
  const parts = new Set(files.map(({ name }) => partOf(name)))
  assert.deepEqual(
    [...parts].filter((part) => !(part in downhill) && !ground.has(part)),
    [],
  )
})

test('every file opens by saying what it is', () => {
  const silent = files.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text)).map(({ name }) => name)
  assert.deepEqual(silent, [])
})

test('no file holds two concepts', () => {
  const long = files.filter(({ text }) => text.split('\n').length > longestFileLines).map(({ name }) => name)
  assert.deepEqual(long, [])
})

test('no two subjects name the same bound, of which one would be lost', () => {
  const bounds = files
    .filter(({ name }) => name.startsWith('limits/'))
    .flatMap(({ text }) => [...text.matchAll(/^ {2}(\w+):/gm)].map((match) => match[1]!))
  assert.deepEqual([...bounds].sort(), Object.keys(limits).sort())
})

test('iroh is named in one file, and loaded only when used', () => {
  const named = files.filter(({ text }) => /'@number0\/iroh/.test(text)).map(({ name }) => name)
  assert.deepEqual(named, ['transport/iroh-binding.ts'])
  const loaded = files.filter(({ text }) => /^import (?!type).*'@number0\/iroh/m.test(text))
  assert.deepEqual(loaded, [])
})

test('the version is that of the package', () => {
  assert.equal(version, packageJson.version)
})
