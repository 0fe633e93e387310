/** Reads the project's Markdown for the tests that hold what it says. */
import { readdirSync, readFileSync } from 'node:fs'
import { projectFile } from './project.ts'

/** Every document for readers, by its path in the project. */
export const documents: readonly string[] = [
  'README.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'bench/README.md',
  'conformance/README.md',
  'examples/deploy/README.md',
  'examples/go/README.md',
  'examples/monitoring/README.md',
  'examples/tracing/README.md',
  'examples/python/README.md',
  'clients/typescript/README.md',
  ...['conformance/levels', 'docs'].flatMap((folder) =>
    readdirSync(projectFile(folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
]

export const readDocument = (path: string): string => readFileSync(projectFile(path), 'utf8')

export interface CodeBlock {
  /** What stands after the opening fence; '' for none. */
  readonly language: string
  readonly code: string
  /** The line of its first line of code. */
  readonly line: number
}

/** The fenced code blocks in their order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(({ 1: language, 2: code, index }) => ({
    language: language!,
    code: code!,
    line: markdown.slice(0, index).split('\n').length + 1,
  }))
}

export interface Section {
  readonly title: string
  /** Up to the next heading of any level. */
  readonly text: string
}

/** The text under each heading. */
export function sections(markdown: string): Section[] {
  const parts = withoutCode(markdown).split(/^#+ +(.*)$/m)
  const found: Section[] = []
  for (let index = 1; index < parts.length; index += 2)
    found.push({ title: parts[index]!.trim(), text: parts[index + 1]! })
  return found
}

/** The Markdown with its fenced blocks empty, so that a comment in a shell is no heading. */
export function withoutCode(markdown: string): string {
  return markdown.replace(/^```.*\n[\s\S]*?^```$/gm, '```\n```')
}

/** The anchor that GitHub gives a heading. */
export function anchorOf(title: string): string {
  return title
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\- _]/gu, '')
    .replaceAll(' ', '-')
}
