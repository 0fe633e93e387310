/** What a wheel, a mouse or fingers do on the drawing: pan, zoom and click. */
export interface PointerActions {
  /** Moves the drawing by points; positive shows what is below. */
  pan(points: number): void
  zoom(factor: number, y: number): void
  click(x: number, y: number): void
}

/** A pointer that moves less between down and up is a click. */
const clickPoints = 5

export function followPointers(element: HTMLElement, signal: AbortSignal, actions: PointerActions): void {
  const down = new Map<number, { x: number; y: number }>()
  let moved = 0
  element.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault()
      if (event.ctrlKey || event.metaKey) actions.zoom(Math.exp(-event.deltaY / 200), event.offsetY)
      else actions.pan(event.deltaMode === 1 ? event.deltaY * 24 : event.deltaY)
    },
    { signal, passive: false },
  )
  element.addEventListener(
    'pointerdown',
    (event) => {
      element.setPointerCapture(event.pointerId)
      if (down.size === 0) moved = 0
      down.set(event.pointerId, { x: event.offsetX, y: event.offsetY })
    },
    { signal },
  )
  element.addEventListener(
    'pointermove',
    (event) => {
      const before = down.get(event.pointerId)
      if (before === undefined) return
      const after = { x: event.offsetX, y: event.offsetY }
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1]
      if (other === undefined) actions.pan(before.y - after.y)
      else {
        const [apart, now] = [distance(before, other), distance(after, other)]
        if (apart > 0) actions.zoom(now / apart, (after.y + other.y) / 2)
      }
      moved += distance(before, after)
      down.set(event.pointerId, after)
    },
    { signal },
  )
  const up = (event: PointerEvent) => {
    const isLast = down.delete(event.pointerId) && down.size === 0
    if (isLast && moved < clickPoints && event.type === 'pointerup')
      actions.click(event.offsetX, event.offsetY)
  }
  element.addEventListener('pointerup', up, { signal })
  element.addEventListener('pointercancel', up, { signal })
}

function distance(a: { x: number; y: number }, b: { x: number; y: number }): number {
  return Math.hypot(a.x - b.x, a.y - b.y)
}
