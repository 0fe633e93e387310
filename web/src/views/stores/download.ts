/** Brings the bytes of values to the reader's disk. They are never opened here, whatever they say that they are. */
import type { Version } from '../../../../gen/causeway/v1/store_pb.ts'
import { storeCalls } from '../../api/clients.ts'
import { fileNameOf } from './file-name.ts'

/** Bytes that are gathered before the browser may put them on its disk. */
const partBytes = 16_777_216

/** Reads all bytes of a version. */
export async function readAll(
  tree: Uint8Array,
  { value, blob }: Version,
  type: string,
  signal: AbortSignal,
  onProgress: (bytes: number) => void = () => {},
): Promise<Blob> {
  if (blob === undefined) return new Blob([copyOf(value)], { type })
  const whole: Blob[] = []
  let part: BlobPart[] = []
  let [read, inPart] = [0, 0]
  for await (const { data } of storeCalls.getBlob({ tree, blob }, { signal })) {
    part.push(copyOf(data))
    read += data.length
    inPart += data.length
    if (inPart >= partBytes) {
      whole.push(new Blob(part))
      part = []
      inPart = 0
    }
    onProgress(read)
  }
  return new Blob([...whole, ...part], { type })
}

/** Gives a file to the reader. Its type is that of mere bytes, so that no browser opens it. */
export function giveFile(content: Blob, key: string): void {
  const url = URL.createObjectURL(content.slice(0, content.size, 'application/octet-stream'))
  const link = document.createElement('a')
  link.href = url
  link.download = fileNameOf(key)
  link.click()
  // The browser has begun to read by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** Bytes of a message lie in a shared buffer, of which a Blob takes its own part. */
const copyOf = (bytes: Uint8Array): BlobPart => bytes.slice() as Uint8Array<ArrayBuffer>
