/**
 * The page's own secret, without which the node refuses its calls: the link that opens the page leaves it in the fragment
 * of the address. It is kept for this origin, so that a reload and further tabs have it too.
 */
import { cell } from '../parts/cell.ts'

const place = 'causeway-page-key'

/** Whether the node has ended the session, or never began it. */
export const sessionOver = cell(false)

/** Takes the secret out of the address, where it would be seen and stored. */
export function takeKey(): void {
  const key = /^#key=([\w-]+)$/.exec(location.hash)?.[1]
  if (key === undefined) return
  localStorage.setItem(place, key)
  history.replaceState(null, '', `${location.pathname}#/`)
  // The router hears only of changes that a reader makes.
  dispatchEvent(new HashChangeEvent('hashchange'))
}

export function readKey(): string {
  return localStorage.getItem(place) ?? ''
}
