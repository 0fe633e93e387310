/** The files of the node's page, as `npm run build` leaves them in dist/web, and the headers with which they are served. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

/** A file, ready to send. */
export interface PageFile {
  readonly contentType: string
  /** The bytes, compressed by gzip. */
  readonly gzipped: Buffer
  readonly plain: Buffer
  /** Whether its name changes with its content. */
  readonly isLasting: boolean
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
}

/**
 * What every answer to a browser says. A page may load and call only its own origin, runs no script or style that stands
 * within the document, makes no markup of text (Trusted Types), and no other page may show it in a frame, open it with a
 * handle on it, or load its files.
 */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob:"],
    ...["connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
    ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** Reads the files of the page by their paths, such as `/` and `/assets/main.js`; undefined if it is not built. */
export function readPageFiles(folder = builtFolder()): ReadonlyMap<string, PageFile> | undefined {
  if (folder === undefined) return undefined
  const files = new Map<string, PageFile>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const contentType = contentTypes[extname(path)]
    if (contentType === undefined) continue
    const plain = readFileSync(path)
    const name = relative(folder, path).split(sep).join('/')
    const file = { contentType, plain, gzipped: gzipSync(plain), isLasting: name.startsWith('assets/') }
    files.set(name === 'index.html' ? '/' : `/${name}`, file)
  }
  return files
}

/** Returns where the page is built, seen from a module of the sources, of the library or of the command's one file. */
function builtFolder(): string | undefined {
  let folder = dirname(fileURLToPath(import.meta.url))
  // The library's module lies four folders below dist.
  for (let steps = 0; steps < 6; steps++) {
    for (const built of [join(folder, 'dist/web'), join(folder, 'web')])
      if (existsSync(join(built, 'index.html')) && existsSync(join(built, 'assets'))) return built
    folder = dirname(folder)
  }
  return undefined
}
