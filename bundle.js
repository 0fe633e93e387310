/**
 * Builds the command as one file, dist/causeway.js, since node takes 0.3 s to load the 440 modules that it is made of and
 * half of that for one. Beside it lie the threads that it starts, the vectors of the conformance kit, and the licences of the
 * libraries within; those with a native part stay outside.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const { metafile } = await build({
  entryPoints: {
    causeway: 'src/cli/main.ts',
    'verify-thread': 'src/store/verify/verify-thread.ts',
    'text-thread': 'src/state/text/text-thread.ts',
  },
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: ['classic-level', 'sodium-native', '@number0/iroh', 'yjs'],
  // Libraries in CommonJS ask for node's modules.
  banner: {
    js: "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)",
  },
  minifyWhitespace: true,
  sourcemap: true,
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
})
chmodSync('dist/causeway.js', 0o755)

// The vectors of the conformance kit, from which the command makes cases: packed, since they are ten times as large.
mkdirSync('dist/conformance', { recursive: true })
const packed = [
  ...['entries', 'bindings', 'texts', 'tickets', 'void'].map((name) => `vectors/${name}`),
  'transcripts/sessions',
]
for (const path of packed) {
  const json = JSON.stringify(JSON.parse(readFileSync(`conformance/${path}.json`, 'utf8')))
  writeFileSync(`dist/conformance/${path.split('/')[1]}.json.gz`, gzipSync(json, { level: 9 }))
}

const inside = /^node_modules\/(?:@[^/]+\/)?[^/]+/
const libraries = new Set(Object.keys(metafile.inputs).flatMap((path) => path.match(inside)?.[0] ?? []))
writeFileSync('dist/causeway.LICENSES.txt', [...libraries].sort().map(licenseOf).join('\n\n'))

/** @param {string} folder a library's */
function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const texts = readdirSync(folder)
    .filter((file) => /^(licen[cs]e|notice)/i.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').trim())
  return [`${name} ${version} (${license})`, ...texts].join('\n\n')
}
