/**
 * How large a picture is, by its first bytes: a few of them may claim a picture that fills the memory. Only kinds that are
 * nothing but points are shown; SVG is a document, which may run scripts.
 */

export interface Size {
  readonly width: number
  readonly height: number
}

/** Points that a picture may have to be shown: those of a good camera. */
const mostPoints = 40_000_000

const readers: Readonly<Record<string, (view: DataView) => Size | undefined>> = {
  'image/png': (view) =>
    view.getUint32(0) === 0x89504e47 ? { width: view.getUint32(16), height: view.getUint32(20) } : undefined,
  'image/gif': (view) =>
    view.getUint32(0) === 0x47494638
      ? { width: view.getUint16(6, true), height: view.getUint16(8, true) }
      : undefined,
  'image/jpeg': jpegSize,
  'image/webp': webpSize,
}

/** Reports whether a media type is that of a picture that can be shown. */
export const isPicture = (type: string): boolean => Object.hasOwn(readers, type)

/** Returns the size of a picture, or undefined if the bytes are not what the type says. */
export function sizeOfPicture(type: string, bytes: Uint8Array): Size | undefined {
  if (!isPicture(type)) return undefined
  try {
    const size = readers[type]!(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    return size !== undefined && size.width > 0 && size.height > 0 ? size : undefined
  } catch {
    // A RangeError: the bytes end too early.
    return undefined
  }
}

export const isTooLarge = ({ width, height }: Size): boolean => width * height > mostPoints

/** The size stands in the frame's header, which follows other parts. */
function jpegSize(view: DataView): Size | undefined {
  if (view.getUint16(0) !== 0xffd8) return undefined
  // Each turn goes past one part; ends at the header, or with the bytes.
  for (let at = 2; ; at += 2 + view.getUint16(at + 2)) {
    const mark = view.getUint16(at)
    if (mark < 0xff00) return undefined
    const isFrame = mark >= 0xffc0 && mark <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(mark)
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) }
  }
}

function webpSize(view: DataView): Size | undefined {
  if (view.getUint32(0) !== 0x52494646 || view.getUint32(8) !== 0x57454250) return undefined
  const kind = view.getUint32(12)
  if (kind === 0x56503820)
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
  if (kind === 0x5650384c) {
    const bits = view.getUint32(21, true)
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
  }
  const three = (at: number) => view.getUint16(at, true) + view.getUint8(at + 2) * 0x10000
  return kind === 0x56503858 ? { width: three(24) + 1, height: three(27) + 1 } : undefined
}
