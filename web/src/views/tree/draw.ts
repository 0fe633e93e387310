/** Draws what is in sight of a tree on a canvas, and finds what is under a pointer. */
import type { Camera } from './camera.ts'
import type { DagData } from './dag-data.ts'
import type { Authors, Dot } from './dots.ts'

export type Lanes = 'author' | 'branch'

export interface Scene {
  readonly data: DagData
  readonly camera: Camera
  readonly authors: Authors
  readonly lanes: Lanes
  readonly selected: string | undefined
  /** Returns what to call an author. */
  readonly nameOf: (author: string) => string
  readonly voidText: string
}

/** The colours of the page, which change with light and dark. */
export interface Palette {
  readonly ink: string
  readonly muted: string
  readonly surface: string
  readonly accent: string
  readonly line: string
}

const laneWidth = 20
const margin = 22
/** How long an entry that arrives slides. */
const birthMs = 450
/** Rows that are at least so high have their texts. */
const textFrom = 18
const fontFamily = 'system-ui, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif'
/** Characters of a text from others that are drawn. */
const longestText = 40

export function readPalette(element: Element): Palette {
  const probe = document.createElement('span')
  element.append(probe)
  const read = (name: string) => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const palette = {
    ink: read('--ink'),
    muted: read('--muted'),
    surface: read('--surface'),
    accent: read('--accent'),
    line: read('--line'),
  }
  probe.remove()
  return palette
}

/** A part of the canvas, in points from its upper edge. */
export interface Strip {
  readonly y: number
  readonly height: number
}

/**
 * Draws the scene, or only a strip of it: what was there before may have moved as a picture. Returns whether something
 * still moves.
 */
export function draw(
  context: CanvasRenderingContext2D,
  width: number,
  scene: Scene,
  palette: Palette,
  strip: Strip = { y: 0, height: scene.camera.viewHeight },
): boolean {
  const { data, camera } = scene
  const { from, to } = camera.range()
  const now = performance.now()
  // The room follows from the lanes.
  for (let height = to; height >= from; height--)
    for (const { author } of data.row(height)) scene.authors.laneOf(author)
  const room = roomFor(width, scene)
  context.save()
  clip(context, 0, strip.y, width, strip.height)
  context.clearRect(0, strip.y, width, strip.height)
  context.lineWidth = camera.rowHeight < 10 ? 1 : 1.5
  drawEdges(context, scene, room, now)
  let isMoving = false
  const radius = Math.max(1.8, Math.min(6, camera.rowHeight * 0.24))
  const highest = Math.min(to, Math.ceil(camera.heightAt(strip.y)) + 1)
  const lowest = Math.max(from, Math.floor(camera.heightAt(strip.y + strip.height)) - 1)
  for (let height = highest; height >= lowest; height--)
    for (const dot of data.row(height)) {
      const age = Math.min(1, (now - dot.bornAt) / birthMs)
      const isBorn = dot.bornAt > 0 && age < 1
      isMoving ||= isBorn
      const ease = isBorn ? 1 - (1 - age) ** 3 : 1
      context.globalAlpha = ease
      const y = camera.yOf(height) - (1 - ease) * camera.rowHeight
      drawDot(context, dot, xOf(dot, scene, room), y, radius, scene, palette)
    }
  context.globalAlpha = 1
  if (camera.rowHeight >= textFrom) {
    const left = margin + room + 14
    clip(context, left, strip.y, Math.max(0, width - left - 8), strip.height)
    context.textBaseline = 'middle'
    context.direction = 'ltr'
    context.font = `13px ${fontFamily}`
    for (let height = highest; height >= lowest; height--)
      if (data.row(height).length > 0)
        drawText(context, data.row(height), camera.yOf(height), left, width, scene, palette)
  }
  context.restore()
  return isMoving
}

function clip(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number): void {
  context.beginPath()
  context.rect(x, y, width, height)
  context.clip()
}

/** Returns the width for lanes: what is left of it is for texts. */
function roomFor(width: number, { camera, authors, lanes }: Scene): number {
  if (camera.rowHeight < textFrom) return width - 2 * margin
  const wanted = lanes === 'author' ? authors.count * laneWidth : 8 * laneWidth
  return Math.min(wanted, Math.max(laneWidth, width * 0.4))
}

function xOf(dot: Dot, { lanes, authors }: Scene, room: number): number {
  const { index, siblings, twin } = dot
  if (lanes === 'branch') return margin + index * Math.min(laneWidth, room / siblings)
  const step = Math.min(laneWidth, room / authors.count)
  const lane = margin + authors.laneOf(dot.author) * step
  // Entries of one author at one height lie close together.
  return lane + Math.min(twin, 5) * Math.min(3, step / 6)
}

/** Parents of one entry to which lines are drawn: more are a brush. */
const mostEdges = 32

function drawEdges(context: CanvasRenderingContext2D, scene: Scene, room: number, now: number): void {
  const { data, camera, authors } = scene
  const { from, to } = camera.range()
  const paths = new Map<string, Path2D>()
  const place = (dot: Dot) => {
    const age = dot.bornAt > 0 ? Math.min(1, (now - dot.bornAt) / birthMs) : 1
    const y = camera.yOf(dot.height) - (1 - age) ** 3 * camera.rowHeight
    return { x: xOf(dot, scene, room), y }
  }
  // Lines of entries just above the screen come into it.
  const above = to + Math.ceil(200 / camera.rowHeight)
  for (let height = above; height >= from; height--)
    for (const dot of data.row(height)) {
      const start = place(dot)
      const color = authors.colorOf(dot.author)
      const path = paths.get(color) ?? new Path2D()
      paths.set(color, path)
      for (const id of dot.parents.slice(0, mostEdges)) {
        const parent = data.dot(id)
        path.moveTo(start.x, start.y)
        if (parent === undefined) {
          path.lineTo(start.x, start.y + camera.rowHeight * 0.7)
          continue
        }
        const end = place(parent)
        const turn = Math.min(camera.rowHeight, end.y - start.y)
        if (end.x !== start.x)
          path.bezierCurveTo(
            start.x,
            start.y + turn * 0.6,
            end.x,
            start.y + turn * 0.4,
            end.x,
            start.y + turn,
          )
        path.lineTo(end.x, end.y)
      }
    }
  context.globalAlpha = 0.55
  for (const [color, path] of paths) {
    context.strokeStyle = color
    context.stroke(path)
  }
  context.globalAlpha = 1
}

function drawDot(
  context: CanvasRenderingContext2D,
  dot: Dot,
  x: number,
  y: number,
  radius: number,
  scene: Scene,
  palette: Palette,
): void {
  const color = scene.authors.colorOf(dot.author)
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  if (dot.isVoid) {
    context.fillStyle = palette.surface
    context.fill()
    context.setLineDash([2, 2])
    context.strokeStyle = palette.muted
    context.stroke()
    context.setLineDash([])
  } else {
    context.fillStyle = color
    context.fill()
  }
  if (dot.id !== scene.selected) return
  context.beginPath()
  context.arc(x, y, radius + 4, 0, 2 * Math.PI)
  context.strokeStyle = palette.accent
  context.lineWidth = 2
  context.stroke()
  context.lineWidth = 1.5
}

function drawText(
  context: CanvasRenderingContext2D,
  row: readonly Dot[],
  y: number,
  left: number,
  width: number,
  scene: Scene,
  palette: Palette,
): void {
  const dot = row.find(({ id }) => id === scene.selected) ?? row[0]!
  const author = short(scene.nameOf(dot.author))
  const what = dot.isVoid ? scene.voidText : dot.stores.map(short).join(', ')
  context.fillStyle = dot.isVoid ? palette.muted : palette.ink
  context.fillText(author, left, y)
  context.fillStyle = palette.muted
  if (row.length > 1) context.fillText(`+${row.length - 1}`, left + context.measureText(author).width + 8, y)
  const wide = width - left > 420
  context.fillText(what, left + (wide ? 150 : 105), y)
  if (!wide) return
  context.textAlign = 'right'
  context.fillText(dot.time, width - 14, y)
  context.textAlign = 'left'
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it finds them, to show that they are there.
const hidden = /[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

function short(text: string): string {
  return (text.length > longestText ? `${text.slice(0, longestText)}…` : text).replace(hidden, '\ufffd')
}

/** Returns the entry at a point of the canvas, or undefined. */
export function dotAt(x: number, y: number, width: number, scene: Scene): Dot | undefined {
  const height = Math.round(scene.camera.heightAt(y))
  const row = scene.data.row(height)
  const room = roomFor(width, scene)
  if (x > margin + room + 10) return row.find(({ id }) => id === scene.selected) ?? row[0]
  let nearest: Dot | undefined
  let distance = laneWidth
  for (const dot of row) {
    const away = Math.abs(xOf(dot, scene, room) - x)
    if (away < distance) [nearest, distance] = [dot, away]
  }
  return nearest
}
