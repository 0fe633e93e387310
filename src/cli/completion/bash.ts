/** The completion script for bash, 3.2 (that of macOS) and later. */
import type { CommandWords } from './words.ts'

export function bashScript(commands: readonly CommandWords[]): string {
  return `# Completion of causeway for bash. Put it where your shell starts: source <(causeway completion bash)
_causeway() {
  local cur prev path='' word index
  cur=\${COMP_WORDS[COMP_CWORD]}
  prev=\${COMP_WORDS[COMP_CWORD-1]}
  # bash takes --option=value for three words.
  [ "$cur" = = ] && cur=''
  [ "$prev" = = ] && prev=\${COMP_WORDS[COMP_CWORD-2]}
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case "\${path:+$path }$word" in
      ${commands.map(({ path }) => `'${path}'`).join(' | ')}) path="\${path:+$path }$word" ;;
    esac
  done
  COMPREPLY=()
  case "$path $prev" in
${valueCases(commands).join('\n')}
  esac
  case "$path" in
${commands.map(({ path, ...words }) => `    '${path}') ${replyTo(words)} ;;`).join('\n')}
  esac
}
complete -o default -F _causeway causeway
`
}

/** What completes the values of options. Without a reply bash completes files, which is as good as nothing for the others. */
function valueCases(commands: readonly CommandWords[]): string[] {
  const taking = commands.flatMap(({ path, options }) =>
    options.map(({ flag, value }) => ({ pattern: `'${path} ${flag}'`, value })),
  )
  const free = taking.filter(({ value }) => value === 'file' || value === 'other')
  return [
    ...taking.flatMap(({ pattern, value }) =>
      typeof value === 'object' ? [`    ${pattern}) ${wordsReply(value.words)}; return ;;`] : [],
    ),
    `    ${free.map(({ pattern }) => pattern).join(' | ')}) return ;;`,
  ]
}

const wordsReply = (words: readonly string[]): string =>
  `COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$cur"))`

function replyTo({ commands, options, arguments: taken }: Omit<CommandWords, 'path'>): string {
  const words = [
    ...commands.map(({ name }) => name),
    ...taken.flatMap((value) => (typeof value === 'object' ? value.words : [])),
  ]
  const flags = wordsReply(options.map(({ flag }) => flag))
  return `if [[ $cur == -* ]]; then ${flags}; else ${words.length === 0 ? ':' : wordsReply(words)}; fi`
}
