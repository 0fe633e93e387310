/**
 * Reads the structure of a source folder from the text of its import statements: which file imports which, which
 * imports form a circle, and which folders hold too many files.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { projectFile } from './project.ts'

/** A file, named by its path in the folder with `/` between the parts. */
export interface SourceFile {
  readonly name: string
  readonly text: string
}

/** Returns every TypeScript file below a folder of the project, without compiled ones. */
export function sourceFiles(folder: string): SourceFile[] {
  const root = projectFile(folder)
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('build/'))
    .map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }))
}

/**
 * Returns what a file imports from the project, types included. `path` is relative to the folder (`../gen/…` if it is
 * outside), `names` is the statement's text.
 */
export function importsOf(name: string, text: string): { path: string; names: string }[] {
  return [
    ...text.matchAll(/(?:^|\n)(?:import|export)\b([^'\n]*|[^']*?\}) from '(\.[^']+)'/g),
    ...text.matchAll(/\bimport()\s*\(?\s*'(\.[^']+)'/g),
  ].map(([, names, target]) => ({ path: join(dirname(name), target!), names: names! }))
}

/** Returns the circles of imports, each as the names of its files in the order of the imports. */
export function circlesIn(files: readonly SourceFile[]): string[] {
  const present = new Set(files.map(({ name }) => name))
  const targets = new Map(
    files.map(({ name, text }) => [
      name,
      [...new Set(importsOf(name, text).map(({ path }) => path))].filter((path) => present.has(path)),
    ]),
  )
  const circles: string[] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (name: string) => {
    const from = path.indexOf(name)
    if (from >= 0) circles.push(path.slice(from).join(' '))
    if (from >= 0 || done.has(name)) return
    path.push(name)
    for (const target of targets.get(name)!) visit(target)
    path.pop()
    done.add(name)
  }
  for (const name of targets.keys()) visit(name)
  return circles
}

/** Returns the folders with more than `most` files, each with their number. */
export function crowdedFolders(files: readonly { readonly name: string }[], most: number): string[] {
  const counts = new Map<string, number>()
  for (const { name } of files) counts.set(dirname(name), (counts.get(dirname(name)) ?? 0) + 1)
  return [...counts].filter(([, count]) => count > most).map(([folder, count]) => `${folder}: ${count}`)
}

/** A function by its first line, and its lines without those of functions inside it. */
interface FunctionSpan {
  readonly head: string
  readonly start: number
  readonly end: number
  ownLines: number
}

const notFunction =
  /^(?:\} )?(?:if|else|for|while|do|switch|try|catch|finally|class|interface|export (?:abstract )?class|return \{)\b/

/**
 * The functions with more than `most` lines of their own, by their first lines. Goes by indentation, which the formatter
 * guarantees: a function begins at a line that ends with ` {` and ends at the next line that is indented as little.
 */
export function longFunctions(text: string, most: number): string[] {
  const lines = text.split('\n')
  const indents = lines.map((line) =>
    line.trim() === '' ? Number.POSITIVE_INFINITY : line.length - line.trimStart().length,
  )
  const spans: FunctionSpan[] = []
  for (const [at, line] of lines.entries()) {
    if (!/(?:\)|=>|\)(?:: .+)?) \{$|^\s*[)}].*\{$/.test(line)) continue
    const start = /^[)}\]]/.test(line.trim())
      ? lines.findLastIndex((_, index) => index < at && indents[index]! <= indents[at]!)
      : at
    const head = lines[start]?.trim() ?? ''
    if (notFunction.test(head) || !/\(|=>/.test(head)) continue
    const end = lines.findIndex((_, index) => index > at && indents[index]! <= indents[at]!)
    spans.push({ head, start, end, ownLines: end - at - 1 })
  }
  for (const inner of spans) {
    const around = spans.filter(({ start, end }) => start < inner.start && end > inner.end)
    const closest = around.reduce<FunctionSpan | undefined>(
      (best, span) => (best === undefined || span.start > best.start ? span : best),
      undefined,
    )
    if (closest !== undefined) closest.ownLines -= inner.end - inner.start
  }
  return spans.filter(({ ownLines }) => ownLines > most).map(({ head, ownLines }) => `${head} ${ownLines}`)
}
