/** A value as its media type says. Nothing of it runs: text is set as text, and only pictures of mere points are drawn. */
import type { ComponentChildren } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Version } from '../../../../gen/causeway/v1/store_pb.ts'
import { sentenceOf } from '../../api/clients.ts'
import { Bar, Foreign } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import { giveFile, readAll } from './download.ts'
import { isTooLarge, type Size, sizeOfPicture } from './picture.ts'
import { hexDump, isCount, mostHexBytes, showValue } from './values.ts'

const words = texts.stores
/** Characters of a value that are shown: all of one that is no blob. */
const mostShown = 262_144
/** Bytes of a blob that is shown as a picture. */
const mostPictureBytes = 16_777_216

export interface ValueProps {
  readonly tree: Uint8Array
  readonly name: string
  readonly version: Version
}

export function Value({ tree, name, version }: ValueProps) {
  const shown = useMemo(() => showValue(version), [version])
  const { value } = version
  if (isCount(version)) return null
  return (
    <div class="value">
      {shown.kind === 'text' && (
        <>
          {shown.isSource && <p class="muted">{words.source}</p>}
          <Lines name={name}>
            <Foreign text={shown.text} max={mostShown} keepLines />
          </Lines>
        </>
      )}
      {shown.kind === 'bytes' && (
        <>
          <p class="muted">{words.hex(Math.min(value.length, mostHexBytes), value.length)}</p>
          {value.length > 0 && <Lines name={name}>{hexDump(value)}</Lines>}
        </>
      )}
      {shown.kind === 'picture' && (
        <Picture
          name={name}
          content={new Blob([value as Uint8Array<ArrayBuffer>], { type: shown.media })}
          size={shown.size}
        />
      )}
      {shown.kind === 'blob' && shown.isPicture && shown.bytes <= mostPictureBytes && (
        <PictureOfBlob {...{ tree, name, version }} media={shown.media} />
      )}
      <Download {...{ tree, name, version }} />
    </div>
  )
}

/** A text that may be long: it scrolls within itself, by keys too. */
function Lines({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keys.
    <section class="lines" tabIndex={0} aria-label={words.valueOf(name)}>
      <pre>{children}</pre>
    </section>
  )
}

function Picture({
  name,
  content,
  size,
}: {
  readonly name: string
  readonly content: Blob
  readonly size: Size
}) {
  const [url, setUrl] = useState('')
  const isLarge = isTooLarge(size)
  useEffect(() => {
    if (isLarge) return
    const made = URL.createObjectURL(content)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [content, isLarge])
  if (isLarge) return <p class="muted">{words.hugePicture(size.width, size.height)}</p>
  return (
    <img
      class="picture"
      src={url || undefined}
      width={size.width}
      height={size.height}
      alt={words.picture(name)}
      decoding="async"
    />
  )
}

/** A picture that lies in a blob is brought when the reader wants to see it. */
function PictureOfBlob({ tree, name, version, media }: ValueProps & { readonly media: string }) {
  const [found, setFound] = useState<{ content: Blob; size: Size }>()
  const work = useTransfer()
  const total = Number(version.blob!.size)
  const show = () =>
    work.run(async (signal, onProgress) => {
      const content = await readAll(tree, version, media, signal, onProgress)
      const size = sizeOfPicture(media, new Uint8Array(await content.slice(0, 262_144).arrayBuffer()))
      if (size === undefined) giveFile(content, name)
      else setFound({ content, size })
    })
  if (found !== undefined) return <Picture name={name} {...found} />
  return (
    <>
      <button type="button" class="button" onClick={show} disabled={work.isRunning}>
        {words.showPicture(total)}
      </button>
      <TransferState work={work} total={total} />
    </>
  )
}

function Download({ tree, name, version }: ValueProps) {
  const work = useTransfer()
  const total = Number(version.blob?.size ?? version.value.length)
  const download = () =>
    work.run(async (signal, onProgress) =>
      giveFile(await readAll(tree, version, '', signal, onProgress), name),
    )
  if (total === 0) return null
  return (
    <div class="download">
      <button
        type="button"
        class={version.blob === undefined ? 'link-button' : 'button'}
        onClick={download}
        disabled={work.isRunning}
      >
        {words.download(total)}
      </button>
      <TransferState work={work} total={total} />
    </div>
  )
}

interface Transfer {
  readonly isRunning: boolean
  readonly isDone: boolean
  readonly bytes: number
  readonly error: string
  readonly run: (
    task: (signal: AbortSignal, onProgress: (bytes: number) => void) => Promise<void>,
  ) => Promise<void>
}

/** Runs a transfer, which ends when the reader leaves. */
function useTransfer(): Transfer {
  const idle = { isRunning: false, isDone: false, bytes: 0, error: '' }
  const [state, setState] = useState(idle)
  const over = useMemo(() => new AbortController(), [])
  useEffect(() => () => over.abort(), [over])
  const run: Transfer['run'] = async (task) => {
    setState({ ...idle, isRunning: true })
    try {
      await task(over.signal, (read) => setState({ ...idle, isRunning: true, bytes: read }))
      setState({ ...idle, isDone: true })
    } catch (error) {
      if (!over.signal.aborted) setState({ ...idle, error: sentenceOf(error) })
    }
  }
  return { ...state, run }
}

function TransferState({ work, total }: { readonly work: Transfer; readonly total: number }) {
  return (
    <div class="transfer" aria-live="polite">
      {work.isRunning && (
        <>
          <Bar
            value={work.bytes}
            max={total}
            name={words.download(total)}
            text={words.downloading(work.bytes, total)}
          />
          <span class="muted">{words.downloading(work.bytes, total)}</span>
        </>
      )}
      {work.isDone && <span class="muted">{words.downloaded}</span>}
      {work.error !== '' && <span class="problem">{work.error}</span>}
    </div>
  )
}
