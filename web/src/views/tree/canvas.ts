/**
 * The drawing of a tree and what the reader does with it: pointer, wheel and keys move and zoom, a click chooses. It draws
 * only when something has changed, once for each frame of the screen.
 */
import { EntryView, type Tree } from '../../../../gen/causeway/v1/tree_pb.ts'
import { treeCalls } from '../../api/clients.ts'
import { Part } from '../../api/connection.ts'
import { known, peers } from '../../api/feed.ts'
import { theme } from '../../app/theme.ts'
import { bytesOf } from '../../parts/ids.ts'
import { Camera } from './camera.ts'
import { DagData } from './dag-data.ts'
import { Authors, type Dot } from './dots.ts'
import { dotAt, draw, type Lanes, type Palette, readPalette, type Scene, type Strip } from './draw.ts'
import { followPointers } from './pointers.ts'

/** What the canvas tells the view around it. */
export interface CanvasOptions {
  readonly nameOf: (author: string) => string
  readonly voidText: string
  readonly onSelect: (id: string | undefined) => void
  readonly onView: (view: {
    readonly height: number
    readonly isCut: boolean
    readonly authors: readonly string[]
  }) => void
}

/** The view around it hears of changes a few times a second. */
const tellMs = 200

export class Canvas {
  /** The frames drawn so far, and how long the drawing of all took, for the benchmark. */
  readonly drawn = { frames: 0, ms: 0 }
  private readonly element: HTMLCanvasElement
  private readonly context: CanvasRenderingContext2D
  private readonly options: CanvasOptions
  private readonly camera = new Camera()
  private readonly authors = new Authors()
  private readonly data: DagData
  /** After the node was away, the drawing is old until it has what came meanwhile: up to this arrival. */
  private readonly part: Part
  private missed = 0n
  private readonly over = new AbortController()
  private tree: Tree
  private lanes: Lanes = 'author'
  private selected: string | undefined
  private palette: Palette
  private frame = 0
  /** What the canvas shows: the height at its upper edge, and all else that its picture follows from. */
  private picture: { readonly top: number; readonly look: string } | undefined
  private isMoving = false
  private toldAt = 0
  private teller: ReturnType<typeof setTimeout> | undefined

  constructor(element: HTMLCanvasElement, hex: string, tree: Tree, options: CanvasOptions) {
    this.element = element
    this.context = element.getContext('2d')!
    this.options = options
    this.tree = tree
    this.data = new DagData(hex, Number(tree.count), Number(tree.height), () => this.change())
    this.part = new Part(() => {
      this.missed = known.get().trees.get(hex)?.sequence ?? 0n
      this.change()
    })
    this.palette = readPalette(element.parentElement!)
    const { signal } = this.over
    const resizing = new ResizeObserver(() => this.resize())
    resizing.observe(element)
    signal.addEventListener('abort', () => resizing.disconnect())
    this.resize()
    this.camera.grow(Number(tree.height), true)
    const repaint = () => {
      this.palette = readPalette(element.parentElement!)
      this.change()
    }
    signal.addEventListener('abort', theme.follow(repaint))
    // Names of authors come with the peer book.
    const rename = () => {
      this.picture = undefined
      this.change()
    }
    signal.addEventListener('abort', peers.follow(rename))
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint, { signal })
    followPointers(element, signal, {
      pan: (points) => this.move(() => this.camera.pan(points)),
      zoom: (factor, y) => this.move(() => this.camera.zoom(factor, y)),
      click: (x, y) => {
        const dot = dotAt(x, y, element.clientWidth, this.scene())
        if (dot !== undefined) this.select(dot.id)
      },
    })
    element.addEventListener('keydown', (event) => this.key(event), { signal })
    Object.assign(element, { causewayCanvas: this })
    this.change()
  }

  close(): void {
    this.over.abort()
    this.part.end()
    this.data.close()
    cancelAnimationFrame(this.frame)
    clearTimeout(this.teller)
  }

  /** Tells that the tree has changed. */
  setTree(tree: Tree): void {
    this.tree = tree
    this.camera.grow(Number(tree.height), false)
    this.change()
  }

  setLanes(lanes: Lanes): void {
    this.lanes = lanes
    this.change()
  }

  zoom(factor: number): void {
    this.move(() => this.camera.zoom(factor, this.camera.viewHeight / 2))
  }

  pan(points: number): void {
    this.move(() => this.camera.pan(points))
  }

  /** Brings a height into sight; past the tree's greatest: the newest entries. */
  goTo(height: number): void {
    const { camera } = this
    this.move(() =>
      camera.moveTo(
        height >= Number(this.tree.height)
          ? Number.MAX_VALUE
          : height + camera.viewHeight / camera.rowHeight / 2,
      ),
    )
  }

  /** Chooses an entry, which may be out of sight. */
  select(id: string | undefined): void {
    this.selected = id
    this.options.onSelect(id)
    this.change()
  }

  /** Chooses an entry at a height, and brings it into sight. */
  show(id: string, height: number): void {
    const y = this.camera.yOf(height)
    if (y < 20 || y > this.camera.viewHeight - 20) this.camera.center(height)
    this.select(id)
  }

  /** Chooses an entry by its id alone. */
  async find(id: string): Promise<void> {
    const here = this.data.dot(id)
    if (here !== undefined) return this.show(id, here.height)
    const { entries } = await treeCalls.getEntries(
      { ids: [bytesOf(id)], view: EntryView.OUTLINE },
      { signal: this.over.signal },
    )
    if (entries[0]?.body !== undefined) this.show(id, Number(entries[0].body.height))
    // What stands beside the drawing says that it is not here.
    else this.select(id)
  }

  childrenOf(id: string): Dot[] {
    return this.data.childrenOf(id)
  }

  /** How many entries memory holds. */
  get size(): number {
    return this.data.size
  }

  private scene(): Scene {
    const { data, camera, authors, lanes, selected, options } = this
    return { data, camera, authors, lanes, selected, nameOf: options.nameOf, voidText: options.voidText }
  }

  private move(how: () => void): void {
    how()
    this.change()
  }

  private change(): void {
    if (this.frame === 0 && !this.over.signal.aborted) this.frame = requestAnimationFrame(() => this.draw())
  }

  private draw(): void {
    this.frame = 0
    const { camera, element } = this
    const isFollowing = camera.follow()
    const { from, to } = camera.range()
    this.data.want(from, to, this.tree.sequence)
    const start = performance.now()
    const isMoving = draw(this.context, element.clientWidth, this.scene(), this.palette, this.shift())
    this.isMoving = isMoving
    this.drawn.frames++
    this.drawn.ms += performance.now() - start
    element.dataset.here = String(this.data.isHere(from, to))
    if (this.data.isOf(this.missed, from, to)) this.part.settle()
    if (isMoving || isFollowing) this.change()
    this.tell()
  }

  /**
   * Moves the picture that is there, if since then the reader has only moved it, by whole points of the screen. Returns
   * the strip that is left to draw; undefined: all of it.
   */
  private shift(): Strip | undefined {
    const { camera, context, element, data, selected, lanes, palette, authors, picture } = this
    const { top, rowHeight, viewHeight } = camera
    const look = [
      data.version,
      selected,
      lanes,
      palette.ink,
      authors.count,
      rowHeight,
      element.width,
      element.height,
    ].join()
    this.picture = { top, look }
    if (picture?.look !== look || this.isMoving) return undefined
    const points = (picture.top - top) * rowHeight
    const pixels = Math.round(points * devicePixelRatio)
    if (Math.abs(points * devicePixelRatio - pixels) > 0.01 || Math.abs(points) > viewHeight / 2)
      return undefined
    context.save()
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.globalCompositeOperation = 'copy'
    context.drawImage(element, 0, -pixels)
    context.restore()
    const height = Math.abs(points)
    return { y: points > 0 ? viewHeight - height : 0, height }
  }

  private tell(): void {
    clearTimeout(this.teller)
    const waitMs = Math.max(0, this.toldAt + tellMs - performance.now())
    this.teller = setTimeout(() => {
      this.toldAt = performance.now()
      const { from, to } = this.camera.range()
      const middle = this.camera.isAtTop ? to : Math.max(0, Math.round((from + to) / 2))
      this.options.onView({ height: middle, isCut: this.data.isCut(from, to), authors: this.authors.list() })
    }, waitMs)
  }

  private resize(): void {
    const { element, context } = this
    const scale = devicePixelRatio
    const { clientWidth, clientHeight } = element
    element.width = Math.round(clientWidth * scale)
    element.height = Math.round(clientHeight * scale)
    context.setTransform(scale, 0, 0, scale, 0, 0)
    this.camera.viewHeight = clientHeight
    if (this.camera.isAtTop) this.camera.moveTo(Number.MAX_VALUE)
    this.picture = undefined
    // A new size clears the drawing, and the screen must not show that.
    cancelAnimationFrame(this.frame)
    this.draw()
  }

  private key(event: KeyboardEvent): void {
    const actions: Record<string, () => void> = {
      ArrowUp: () => this.step(1),
      ArrowDown: () => this.step(-1),
      PageUp: () => this.pan(-this.camera.viewHeight * 0.8),
      PageDown: () => this.pan(this.camera.viewHeight * 0.8),
      Home: () => this.goTo(Number.POSITIVE_INFINITY),
      End: () => this.goTo(0),
      '+': () => this.zoom(1.4),
      '-': () => this.zoom(1 / 1.4),
      Escape: () => this.select(undefined),
    }
    const action = actions[event.key]
    if (action === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    action()
  }

  /** Chooses the next entry above (1) or below (-1) the chosen one, within its height first. */
  private step(by: 1 | -1): void {
    const { from, to } = this.camera.range()
    const now = this.selected === undefined ? undefined : this.data.dot(this.selected)
    const beside = now && this.data.row(now.height)[now.index - by]
    if (beside !== undefined) return void this.select(beside.id)
    const start = now === undefined ? (by === 1 ? from : to) : now.height + by
    const end = by === 1 ? to + 1 : Math.max(0, from - 1)
    for (let height = start; by === 1 ? height <= end : height >= end; height += by) {
      const row = this.data.row(height)
      const next = by === 1 ? row.at(-1) : row[0]
      if (next !== undefined) return void this.show(next.id, next.height)
    }
  }
}
