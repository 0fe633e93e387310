/** The views, each in a folder of its own under views/, loaded when it is first shown. */
import type { ComponentType } from 'preact'

export interface ViewProps {
  /** What follows the view's name in the address. */
  readonly rest: readonly string[]
}

type Load = () => Promise<{ readonly default: ComponentType<ViewProps> }>

export const views = {
  '': () => import('../views/home/home.tsx'),
  trees: () => import('../views/trees/trees.tsx'),
  tree: () => import('../views/tree/tree.tsx'),
  stores: () => import('../views/stores/stores.tsx'),
  people: () => import('../views/people/people.tsx'),
  network: () => import('../views/network/network.tsx'),
  node: () => import('../views/node/node.tsx'),
} satisfies Record<string, Load>

export type ViewName = keyof typeof views
