/**
 * Holds the structure: imports point downhill by rank and never in a circle, `transport` and `rpc` do not know each other,
 * only the composition root sees everything, folders and files stay small, and every file opens by saying what it is.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import packageJson from '../package.json' with { type: 'json' }
import { limits } from '../src/base/limits.ts'
import { version } from '../src/base/version.ts'
import { projectFile } from './kit/project.ts'
import { circlesIn, crowdedFolders, importsOf, longFunctions, sourceFiles } from './kit/sources.ts'

/** What each part may import beside itself, `base` and the messages in `gen`. */
const downhill: Record<string, readonly string[]> = {
  base: [],
  dag: [],
  store: ['dag'],
  state: ['dag', 'store'],
  peer: ['dag', 'store'],
  sync: ['dag', 'store', 'peer'],
  access: ['dag', 'store', 'peer', 'sync'],
  find: ['dag'],
  transport: ['dag'],
  rpc: ['dag', 'store', 'state', 'peer', 'sync', 'access', 'find'],
  dispatcher: ['dag', 'store', 'peer', 'sync', 'access'],
  node: ['dag', 'store', 'state', 'peer', 'sync', 'access', 'find', 'transport', 'rpc', 'dispatcher'],
  cli: ['dag', 'peer', 'rpc', 'transport', 'node'],
  index: ['dag', 'store', 'state', 'peer', 'sync', 'access', 'transport', 'rpc', 'node'],
  proto: [],
}
/** Parts that may use generated services, not just messages. */
const mayUseServices = new Set(['rpc', 'node', 'cli', 'index', 'proto'])
const longestFileLines = 400
const mostFilesInFolder = 16
/** Lines of its own: a factory does not count the functions that it returns. */
const longestFunctionLines = 60

const files = sourceFiles('src')

function partOf(name: string): string {
  return name.split('/')[0]!.replace(/\.ts$/, '')
}

test('imports point downhill', () => {
  const wrong: string[] = []
  for (const { name, text } of files) {
    const part = partOf(name)
    for (const { path, names } of importsOf(name, text)) {
      if (path.startsWith('../gen/')) {
        if (!mayUseServices.has(part) && /\w+Service\b/.test(names))
          wrong.push(`${name} uses a service of ${path}`)
        continue
      }
      const to = partOf(path)
      if (to === part || to === 'base') continue
      if (!downhill[part]?.includes(to)) wrong.push(`${name} (${part}) imports ${path} (${to})`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('sync and the dispatcher read trees through TreeReader, and do not know the store', () => {
  const knows = files.filter(
    ({ name, text }) =>
      /^(sync|dispatcher)\//.test(name) &&
      importsOf(name, text).some(({ path }) => path === 'store/store.ts'),
  )
  assert.deepEqual(
    knows.map(({ name }) => name),
    [],
  )
})

test('every part has a rank, and nothing but the public API lies loose', () => {
  const parts = new Set(files.map(({ name }) => partOf(name)))
  assert.deepEqual([...parts].sort(), Object.keys(downhill).sort())
  assert.deepEqual(
    files.filter(({ name }) => !name.includes('/')).map(({ name }) => name),
    ['dag.ts', 'index.ts', 'proto.ts'],
  )
})

for (const folder of ['src', 'bench', 'test', 'examples', 'clients/typescript/src'])
  test(`no imports in ${folder} go in a circle, types included`, () => {
    assert.deepEqual(circlesIn(sourceFiles(folder)), [])
  })

test('a circle is found, also one of types alone', () => {
  const text = (target: string) => `import type { T } from '${target}'\n`
  const chain = [
    { name: 'a.ts', text: text('./rooms/b.ts') },
    { name: 'rooms/b.ts', text: text('../c.ts') },
    { name: 'c.ts', text: '' },
  ]
  assert.deepEqual(circlesIn(chain), [])
  chain[2]!.text = "export type U = import('./a.ts').T\n"
  assert.deepEqual(circlesIn(chain), ['a.ts rooms/b.ts c.ts'])
})

test('a folder holds at most 16 files', () => {
  assert.deepEqual(crowdedFolders(files, mostFilesInFolder), [])
  const crowd = Array.from({ length: mostFilesInFolder + 1 }, (_, n) => ({ name: `store/f${n}.ts` }))
  assert.deepEqual(crowdedFolders(crowd, mostFilesInFolder), ['store: 17'])
})

test('every file and symbol that ARCHITECTURE.md names is there', () => {
  const page = readFileSync(projectFile('ARCHITECTURE.md'), 'utf8')
  const named = [...page.matchAll(/`([a-z][\w/.-]*\.ts)(?::(\w+))?`/g)]
  assert.ok(named.length > 40, `only ${named.length}`)
  const wrong = named.filter(([, path, symbol]) => {
    const file = files.find(({ name }) => name === path || name.endsWith(`/${path}`))
    if (file === undefined || symbol === undefined) return file === undefined
    const declared = `(?:function\\*?|class|const|interface|type) ${symbol}\\b`
    const member = `^ +(?:(?:private|static|async|override|get) )*\\*?${symbol}(?:<[^(]*>)?(?:\\(| = )`
    return !new RegExp(`${declared}|${member}`, 'm').test(file.text)
  })
  assert.deepEqual(
    wrong.map(([text]) => text),
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

test('no function has more than 60 lines of its own', () => {
  const long = files.flatMap(({ name, text }) =>
    longFunctions(text, longestFunctionLines).map((found) => `${name}: ${found}`),
  )
  assert.deepEqual(long, [])
  const lines = (count: number) => '    step()\n'.repeat(count)
  const factory = `export function make({\n  a,\n}: Parts): Made {\n  return {\n  inner(): void {\n${lines(61)}  },\n  }\n}\n`
  assert.deepEqual(longFunctions(factory, longestFunctionLines), ['inner(): void { 61'])
})

test('no two subjects name the same bound, of which one would be lost', () => {
  const bounds = files
    .filter(({ name }) => name.startsWith('base/limits/'))
    .flatMap(({ text }) => [...text.matchAll(/^ {2}(\w+):/gm)].map((match) => match[1]!))
  assert.deepEqual([...bounds].sort(), Object.keys(limits).sort())
})

test('iroh is named in one file, and loaded only when used', () => {
  const named = files.filter(({ text }) => /'@number0\/iroh/.test(text)).map(({ name }) => name)
  assert.deepEqual(named, ['transport/iroh/binding.ts'])
  const loaded = files.filter(({ text }) => /^import (?!type).*'@number0\/iroh/m.test(text))
  assert.deepEqual(loaded, [])
})

test('yjs is named in one file, and loaded only when used', () => {
  const named = files.filter(({ text }) => /'yjs'/.test(text)).map(({ name }) => name)
  assert.deepEqual(named, ['state/text/yjs.ts'])
  assert.deepEqual(
    files.filter(({ text }) => /^(import|export) (?!type).*'yjs'/m.test(text)),
    [],
  )
})

test('commands read and write what io() names, so that they run in a process of others too', () => {
  const own = files.filter(
    ({ name, text }) =>
      name.startsWith('cli/') && /\bprocess\.(stdin|stdout|stderr|exitCode|env)\b/.test(text),
  )
  assert.deepEqual(
    own.map(({ name }) => name),
    ['cli/main.ts', 'cli/streams.ts'],
  )
})

test('the version is that of the package', () => {
  assert.equal(version, packageJson.version)
})
