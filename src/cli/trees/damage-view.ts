/** How commands say what is damaged in a store. */
import type { Clients } from '../context.ts'
import { idText, plainText } from '../output.ts'

/** Something that is damaged: a tree that is set aside, or a part of the store. */
export interface DamageDocument {
  readonly tree?: string
  readonly message: string
}

/** Asks the node what is known to be damaged. */
export async function damageOf(clients: Pick<Clients, 'node'>): Promise<DamageDocument[]> {
  const { damage } = await clients.node.getNode({})
  return damage.map(({ tree, message }) => ({ ...(tree.length > 0 && { tree: idText(tree) }), message }))
}

/** Returns the line of text for it. */
export function damageLine({ message }: DamageDocument): string {
  return `damaged: ${plainText(message, 1000)}`
}
