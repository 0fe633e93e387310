/**
 * Writes state.json: `npx tsx conformance/vectors/make-state.ts`. Entries follow from fixed seeds and what they add
 * up to is written down case by case, so the file stays the same byte for byte; a test checks that.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { projectFile } from '../../test/kit/project.ts'
import { blobs } from './state-blobs.ts'
import { StateCase, type StateVectors } from './state-case.ts'
import { corners } from './state-corners.ts'
import { malformed } from './state-malformed.ts'
import { numbers } from './state-numbers.ts'

export const stateFile = projectFile('conformance/vectors/state.json')

const about = [
  'Golden vectors of the state of stores (docs/state.md), for implementations in any language.',
  'Each vector is a tree of its own. entries: signed, the root first, parents before their children. Any other order of arrival leads to the same state.',
  'id = SHA-256(signature || body). void: the ids of the entries that are void once all are there; all others stand.',
  'state: the keys that are present and no others, by store and key in ascending order of their bytes. heads: in order, the first has the value.',
  'heads[].entry: the id of the entry, 64 zeros for the zero version. sum: the number in decimal digits, null without one.',
  'heads[].blob: only of a head that names a blob; its value is then empty.',
  'Bytes are lowercase hex, or a list of pieces, each hex or {"repeat": hex, "times": n}.',
]

export function makeStateVectors(): string {
  const cases = Object.entries({ ...corners, ...numbers, ...malformed, ...blobs })
  const vectors: StateVectors = {
    about,
    vectors: cases.map(([name, build]) => {
      const tree = new StateCase(name)
      return tree.vector(name, build(tree))
    }),
  }
  return `${JSON.stringify(vectors, null, 1)}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(stateFile, makeStateVectors())
}
