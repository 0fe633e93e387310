/**
 * Builds the package: one file for Node, one for browsers, and the types. The code that both share with the
 * node is bundled into them; libraries stay outside. A file `x.web.ts` takes the place of `x.ts` in the browsers' file.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'

process.chdir(import.meta.dirname)
rmSync('dist', { recursive: true, force: true })

/** @type {import('esbuild').BuildOptions} */
const shared = {
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  packages: 'external',
  logLevel: 'warning',
}

/** @type {import('esbuild').Plugin} */
const forBrowsers = {
  name: 'for browsers',
  setup({ onResolve }) {
    onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, resolveDir }) => {
      const file = join(resolveDir, path.replace(/\.ts$/, '.web.ts'))
      return existsSync(file) ? { path: file } : undefined
    })
  },
}

await build({
  ...shared,
  entryPoints: { node: 'src/index.ts' },
  platform: 'node',
  target: 'node20.19',
})
await build({
  ...shared,
  entryPoints: { browser: 'src/index.ts' },
  // Not every browser has these symbols, by which `using` disposes.
  banner: {
    js: "for (const name of ['dispose', 'asyncDispose']) Symbol[name] ??= Symbol.for('Symbol.' + name)",
  },
  platform: 'browser',
  target: 'es2022',
  plugins: [forBrowsers],
})
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'))
execFileSync(process.execPath, [join(typescript, 'bin/tsc'), '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
})

// The compiler writes types for all that it read. What the public ones do not name goes.
const types = 'dist/types'
// A client opens no text for editing: `Stores.text` throws. Its type would name the whole node.
writeFileSync(join(types, 'src/state/text/shared-text.d.ts'), 'export type SharedText = never\n')
const named = new Set()
const follow = (/** @type {string} */ file) => {
  if (named.has(file)) return
  named.add(file)
  for (const [, target] of readFileSync(join(types, file), 'utf8').matchAll(
    /(?:from|import\()\s*'(\.[^']+)'/g,
  ))
    follow(join(dirname(file), /** @type {string} */ (target).replace(/\.[jt]s$/, '.d.ts')))
}
follow('clients/typescript/src/index.d.ts')
for (const file of readdirSync(types, { recursive: true, encoding: 'utf8' }))
  if (file.endsWith('.d.ts') && !named.has(file)) rmSync(join(types, file))
