/** Builds the page into dist/web, of which the node serves every file: docs/page.md says to whom. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig, type Plugin } from 'vite'

/** As for the client: a file `x.web.ts` takes the place of `x.ts` in browsers. */
const forBrowsers: Plugin = {
  name: 'for browsers',
  enforce: 'pre',
  resolveId(path, importer) {
    if (importer === undefined || !/^\.{1,2}\/.*\.ts$/.test(path)) return undefined
    const file = join(importer, '..', path.replace(/\.ts$/, '.web.ts'))
    return existsSync(file) ? file : undefined
  },
}

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [forBrowsers],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: ['chrome123', 'firefox120', 'safari17.5'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    license: { fileName: 'LICENSES.txt' },
    reportCompressedSize: false,
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  clearScreen: false,
  logLevel: 'warn',
})
