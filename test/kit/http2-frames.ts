/**
 * HTTP/2 frames as bytes, so that an attack can send what no library would, and as cheaply as an attacker can. RFC 9113
 * has the layout of frames and RFC 7541 that of header blocks.
 */

export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
  /** A type that no RFC defines: receivers must ignore it. */
  unknown: 0xfa,
} as const

export const endStream = 0x1
export const endHeaders = 0x4
export const padded = 0x8

const headBytes = 9
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)) {
  const bytes = Buffer.alloc(headBytes + payload.length)
  bytes.writeUIntBE(payload.length, 0, 3)
  bytes[3] = type
  bytes[4] = flags
  bytes.writeUInt32BE(stream, 5)
  bytes.set(payload, headBytes)
  return bytes
}

/** Returns a SETTINGS frame with these values by identifier. */
export function settings(values: Readonly<Record<number, number>> = {}): Buffer {
  const payload = Buffer.alloc(Object.keys(values).length * 6)
  Object.entries(values).forEach(([id, value], at) => {
    payload.writeUInt16BE(Number(id), at * 6)
    payload.writeUInt32BE(value, at * 6 + 2)
  })
  return frame(frameTypes.settings, 0, 0, payload)
}

/** Returns the payload of RST_STREAM and WINDOW_UPDATE. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Returns a text as HPACK writes it, without Huffman coding. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const length = [127]
  let rest = bytes.length - 127
  for (; rest >= 128; rest = rest >>> 7) length.push((rest & 127) | 128)
  return Buffer.concat([Buffer.from([...length, rest]), bytes])
}

/** Returns a header that the receiver's table remembers: the newest has index 62. */
export function remembered(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0x40]), text(name), text(value)])
}

/** Returns a header that the receiver's table does not remember. */
export function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), text(name), text(value)])
}

/** The header blocks of POST requests to one path: the first is remembered, so that the others take five bytes. */
export class RequestBlocks {
  readonly first: Buffer
  readonly next = Buffer.from([0x83, 0x86, 0xc0, 0xbf, 0xbe])

  constructor(path: string, contentType = 'application/proto') {
    // Indices of the static table: 3 is POST, 6 is http, 1 the authority, 4 the path, 31 the content type.
    this.first = Buffer.concat([
      Buffer.from([0x83, 0x86, 0x41]),
      text('127.0.0.1'),
      Buffer.from([0x44]),
      text(path),
      Buffer.from([0x5f]),
      text(contentType),
    ])
  }
}

/** Finds frames of a type in a byte stream that comes in chunks. */
export class FrameFinder {
  private rest: Buffer = Buffer.alloc(0)

  /** Returns the payloads of the frames of this type that the chunk completes. */
  find(chunk: Buffer, type: number): Buffer[] {
    const found: Buffer[] = []
    let bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk])
    while (bytes.length >= headBytes) {
      const end = headBytes + bytes.readUIntBE(0, 3)
      if (bytes.length < end) break
      if (bytes[3] === type) found.push(bytes.subarray(headBytes, end))
      bytes = bytes.subarray(end)
    }
    this.rest = bytes
    return found
  }
}
