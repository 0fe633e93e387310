/** The completion script for fish. */
import type { CommandWords, Value } from './words.ts'

export function fishScript(commands: readonly CommandWords[]): string {
  const paths = commands.map(({ path }) => quoted(path)).join(' ')
  return `# Completion of causeway for fish. Put it where your shell starts: causeway completion fish | source
function __causeway_at
    set -l at ''
    for word in (commandline -opc)[2..-1]
        set -l next (string trim -- "$at $word")
        contains -- $next ${paths}; and set at $next
    end
    test "$at" = "$argv[1]"
end
complete -c causeway -f
${commands.flatMap(lines).join('\n')}
`
}

function lines({ path, commands, options, arguments: taken }: CommandWords): string[] {
  const begin = `complete -c causeway -n ${quoted(`__causeway_at ${quoted(path)}`)}`
  return [
    ...commands.map(({ name, help }) => `${begin} -a ${name} -d ${quoted(help)}`),
    ...options.map(
      ({ flag, help, value }) => `${begin} -l ${flag.slice(2)}${takes(value)} -d ${quoted(help)}`,
    ),
    ...taken.flatMap((value) => {
      if (value === 'file') return [`${begin} -F`]
      return value === 'other' ? [] : [`${begin} -a ${quoted(value.words.join(' '))}`]
    }),
  ]
}

function takes(value: Value | undefined): string {
  if (value === undefined) return ''
  if (value === 'file') return ' -rF'
  return value === 'other' ? ' -x' : ` -xa ${quoted(value.words.join(' '))}`
}

/** Returns text in single quotes. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
