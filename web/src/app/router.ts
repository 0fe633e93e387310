/** Where the reader is, in the fragment of the address, so that links, back and reload work, and the node sees none of it. */
import { cell, useCell } from '../parts/cell.ts'

export interface Place {
  /** The view, such as `node`; '' is Home. */
  readonly view: string
  /** What follows it, each part decoded. */
  readonly rest: readonly string[]
}

const place = cell<Place>(read())
addEventListener('hashchange', () => place.set(read()))

function read(): Place {
  const [view = '', ...rest] = location.hash.replace(/^#\/?/, '').split('/')
  return { view, rest: rest.map(decode) }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export function usePlace(): Place {
  return useCell(place)
}

/** Returns the address of a place, for a link. */
export function hrefOf(...parts: readonly string[]): string {
  return `#/${parts.map(encodeURIComponent).join('/')}`
}

/** Goes to a place without a step back to the present one: for places that the page itself chooses. */
export function replacePlace(...parts: readonly string[]): void {
  history.replaceState(null, '', hrefOf(...parts))
  place.set(read())
}
