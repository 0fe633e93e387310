/** A text as a QR code: dark on light whatever the colours of the page, with the quiet zone that readers need. */

import { useMemo } from 'preact/hooks'
import encodeQR from 'qr'

/** Light squares around the code, as its standard asks for. */
const quietZone = 4

/** Returns undefined if the text is too long for a code: past about 2,950 bytes. */
function pathOf(text: string): { readonly size: number; readonly path: string } | undefined {
  try {
    const rows = encodeQR(text, 'raw', { ecc: 'low', border: quietZone })
    // One stroke for each run of dark squares, so that a large code is a few thousand of them and no hairlines show.
    const runs: string[] = []
    for (const [y, row] of rows.entries())
      for (let x = 0; x < row.length; x++) {
        if (!row[x]) continue
        const start = x
        while (row[x + 1]) x++
        runs.push(`M${start} ${y}h${x - start + 1}v1h-${x - start + 1}z`)
      }
    return { size: rows.length, path: runs.join('') }
  } catch {
    return undefined
  }
}

export function QrCode({
  text,
  name,
  tooLong,
}: {
  readonly text: string
  readonly name: string
  readonly tooLong: string
}) {
  const code = useMemo(() => pathOf(text), [text])
  if (code === undefined) return <p class="muted">{tooLong}</p>
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${code.size} ${code.size}`}
      role="img"
      aria-label={name}
      shape-rendering="crispEdges"
    >
      <path d={code.path} />
    </svg>
  )
}
