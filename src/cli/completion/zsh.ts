/** The completion script for zsh. */
import type { CommandWords, Value } from './words.ts'

export function zshScript(commands: readonly CommandWords[]): string {
  return `#compdef causeway
# Completion of causeway for zsh. Put it where your shell starts, after compinit: source <(causeway completion zsh)
_causeway() {
  local at='' word prev=$words[CURRENT-1]
  for word in \${words[2,CURRENT-1]}; do
    case "\${at:+$at }$word" in
      (${commands.map(({ path }) => quoted(path)).join('|')}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at $prev" in
${commands.flatMap(({ path, options }) => options.flatMap(({ flag, value }) => (value === undefined ? [] : [`    (${quoted(`${path} ${flag}`)}) ${add(value)}; return ;;`]))).join('\n')}
  esac
  local -a found
  case "$at" in
${commands.map(({ path, ...words }) => `    (${quoted(path)})\n${found(words)} ;;`).join('\n')}
  esac
}
compdef _causeway causeway
`
}

function add(value: Value): string {
  if (value === 'file') return '_files'
  if (value === 'other') return "_message 'value'"
  return `compadd -- ${value.words.join(' ')}`
}

function found({ commands, options, arguments: taken }: Omit<CommandWords, 'path'>): string {
  const described = (word: string, help: string) => quoted(`${word.replaceAll(':', '\\:')}:${help}`)
  const flags = options.map(({ flag, help }) => described(flag, help)).join(' ')
  const words = taken.flatMap((value) => (typeof value === 'object' ? value.words : []))
  const names = commands.map(({ name, help }) => described(name, help)).join(' ')
  return [
    '      if [[ $PREFIX == -* ]]; then',
    `        found=(${flags}); _describe option found`,
    '      else',
    names === '' ? '        :' : `        found=(${names}); _describe command found`,
    ...(words.length === 0 ? [] : [`        compadd -- ${words.join(' ')}`]),
    ...(taken.includes('file') ? ['        _files'] : []),
    '      fi',
  ].join('\n')
}

/** Returns text in single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
