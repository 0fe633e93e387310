/** The stores of a node in memory do what stores do. */
import { createNode } from '../../../src/node/node.ts'
import { storesContract } from './contract.ts'

storesContract(
  'The stores of a node itself',
  async () => {
    const node = await createNode({})
    const tree = await node.createTree('t')
    return { stores: node.stores, tree, [Symbol.asyncDispose]: () => node.close() }
  },
  { increments: 100 },
)
