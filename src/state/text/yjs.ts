/** Loads Yjs, an optional package, when a text is opened or read. No other file names it. */
import type * as Yjs from 'yjs'
import { CausewayError } from '../../base/errors.ts'

export type { Doc, Item } from 'yjs'
export type YjsModule = typeof Yjs

const importYjs = () => import('yjs')

/** Returns the package. Throws UNIMPLEMENTED if it is not installed. */
export async function loadYjs(load: () => Promise<YjsModule> = importYjs): Promise<YjsModule> {
  try {
    return await load()
  } catch (error) {
    throw new CausewayError(
      'UNIMPLEMENTED',
      'Texts need the optional package yjs, which cannot be loaded: run npm install yjs.',
      { cause: error },
    )
  }
}
