/** The stores of a node in memory do what stores do, and its texts what texts do. */
import { createNode } from '../../../src/node/node.ts'
import { textsContract } from '../text/contract.ts'
import { storesContract } from './contract.ts'

async function start() {
  const node = await createNode({})
  const tree = await node.createTree('t')
  return { stores: node.stores, tree, [Symbol.asyncDispose]: () => node.close() }
}

storesContract('The stores of a node itself', start, { increments: 100 })
textsContract('Texts of a node itself', start)
