/** The log of the node as it is written, newest line first, from a level on. */
import { useEffect, useState } from 'preact/hooks'
import { LogLevel, type LogLine, type WatchLogResponse } from '../../../../gen/causeway/v1/node_pb.ts'
import { nodeCalls, sentenceOf } from '../../api/clients.ts'
import { followInView } from '../../api/follow-in-view.ts'
import { moment, timeOfDay } from '../../parts/format.ts'
import { Card, Foreign, State, type Tone } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'

const words = texts.node
/** Lines that the page keeps. */
const mostLines = 300
const longestMessage = 600
const longestField = 200

const tones: Readonly<Record<LogLevel, Tone>> = {
  [LogLevel.UNSPECIFIED]: 'quiet',
  [LogLevel.TRACE]: 'quiet',
  [LogLevel.DEBUG]: 'quiet',
  [LogLevel.INFO]: 'quiet',
  [LogLevel.WARN]: 'warn',
  [LogLevel.ERROR]: 'bad',
}

interface Shown {
  /** Newest first, each with a number that stays its own. */
  readonly lines: readonly { readonly number: number; readonly line: LogLine }[]
  readonly missed: number
  readonly error: string
  readonly isOpen: boolean
}

const nothing: Shown = { lines: [], missed: 0, error: '', isOpen: false }

export function Log() {
  const [level, setLevel] = useState<LogLevel>(LogLevel.INFO)
  const [{ lines, missed, error, isOpen }, setShown] = useState(nothing)
  useEffect(() => {
    let number = 0
    let isAnew = true
    return followInView<WatchLogResponse>({
      open(signal) {
        // What is there stays until the node has told it again.
        isAnew = true
        return nodeCalls.watchLog({ level, follow: true }, { signal })
      },
      onMessage(message) {
        const arrived = message.lines.map((line) => ({ number: number++, line })).reverse()
        const before = isAnew ? [] : undefined
        isAnew = false
        setShown((shown) => ({
          lines: [...arrived, ...(before ?? shown.lines)].slice(0, mostLines),
          missed: (before === undefined ? shown.missed : 0) + Number(message.missed),
          error: '',
          isOpen: true,
        }))
      },
      onLost(reason) {
        if (reason !== undefined) setShown((shown) => ({ ...shown, error: sentenceOf(reason) }))
      },
    })
  }, [level])
  return (
    <Card
      title={words.log}
      aside={
        <label class="log-level">
          {words.logLevel}
          <select
            value={level}
            onChange={(event) => {
              setShown(nothing)
              setLevel(Number(event.currentTarget.value))
            }}
          >
            {words.levels.map(
              (name, value) =>
                value > 0 && (
                  <option key={name} value={value}>
                    {name}
                  </option>
                ),
            )}
          </select>
        </label>
      }
    >
      {error !== '' && <p class="problem">{error}</p>}
      {missed > 0 && <p class="muted">{words.missed(missed)}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys. */}
      <div class="log" role="log" aria-live="off" aria-label={words.logLines} tabIndex={0}>
        {lines.length === 0 && <p class="muted">{isOpen ? words.noLines : texts.app.loading}</p>}
        {lines.map(({ number, line }) => (
          <Line key={number} line={line} />
        ))}
      </div>
    </Card>
  )
}

function Line({ line: { atMs, level, message, fields } }: { readonly line: LogLine }) {
  return (
    <div class="log-line">
      <time class="muted" title={moment(Number(atMs))}>
        {timeOfDay(Number(atMs))}
      </time>
      <State tone={tones[level]}>{words.levels[level]}</State>
      <span class="log-text">
        <Foreign text={message} max={longestMessage} />
        {Object.entries(fields).map(([name, value]) => (
          <span key={name} class="muted">
            <Foreign text={name} max={40} />=
            <Foreign text={value} max={longestField} />
          </span>
        ))}
      </span>
    </div>
  )
}
