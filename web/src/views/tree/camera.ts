/** Which part of a tree is in sight: the height at the top of the screen, and how far apart heights are. */
const closest = 44
const farthest = 5

export class Camera {
  /** The height at the upper edge; more than the tree's, to leave room above it. */
  top = 0
  /** Points between two heights. */
  rowHeight = 30
  /** Points of the screen, from its upper edge. */
  viewHeight = 0
  /** The greatest height of the tree. */
  private highest = 0
  /** Whether the newest entries stay in sight when others arrive. */
  isAtTop = true

  /** Tells the tree's greatest height. At first it comes into sight. */
  grow(highest: number, isFirst: boolean): void {
    this.highest = highest
    if (isFirst) this.top = this.uppermost
  }

  private get uppermost(): number {
    return this.highest + 1
  }

  private get lowermost(): number {
    return Math.min(this.uppermost, this.viewHeight / this.rowHeight - 1)
  }

  yOf(height: number): number {
    return (this.top - height) * this.rowHeight
  }

  heightAt(y: number): number {
    return this.top - y / this.rowHeight
  }

  /** The lowest and the highest height in sight. */
  range(): { readonly from: number; readonly to: number } {
    return {
      from: Math.max(0, Math.floor(this.heightAt(this.viewHeight)) - 1),
      to: Math.min(this.highest, Math.ceil(this.top) + 1),
    }
  }

  /** Moves by points of the screen; down shows older entries. */
  pan(points: number): void {
    // By whole points, so that the picture that is there can be moved.
    this.moveTo(this.top - Math.round(points) / this.rowHeight)
  }

  moveTo(top: number): void {
    this.top = Math.max(this.lowermost, Math.min(this.uppermost, top))
    this.isAtTop = this.top >= this.uppermost - 0.5
  }

  /** Brings a height into the middle. */
  center(height: number): void {
    this.moveTo(height + this.viewHeight / this.rowHeight / 2)
  }

  /** Zooms by a factor, and keeps what is at `y` there. */
  zoom(factor: number, y: number): void {
    const height = this.heightAt(y)
    this.rowHeight = Math.max(farthest, Math.min(closest, this.rowHeight * factor))
    this.moveTo(height + y / this.rowHeight)
  }

  /** Moves towards the newest entries, if they are to stay in sight. Returns whether it has moved. */
  follow(): boolean {
    if (!this.isAtTop) return false
    const rest = this.uppermost - this.top
    if (Math.abs(rest) < 0.01) {
      this.top = this.uppermost
      return false
    }
    // A long way is a jump: nobody follows what flies by.
    this.top = rest > 200 ? this.uppermost : this.top + rest * 0.2
    return true
  }
}
