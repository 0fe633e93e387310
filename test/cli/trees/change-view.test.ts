/** What `log` and `show` say of a change: words for keys and the policy, and never what a terminal must not get. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import {
  ChangeSchema,
  Permission,
  PolicyChangeSchema,
  PublicAccess,
} from '../../../gen/causeway/v1/entry_pb.ts'
import {
  CounterAddSchema,
  MapDeleteSchema,
  MapPutSchema,
  TextUpdateSchema,
} from '../../../gen/causeway/v1/state_pb.ts'
import { changeText } from '../../../src/cli/trees/change-view.ts'

const shown = (kind: string, payload: Uint8Array, store = 'notes') =>
  changeText(create(ChangeSchema, { store, kind, payload }))
const text = (value: string) => new TextEncoder().encode(value)
const put = (value: Uint8Array, type: string, key = 'title') =>
  shown('cw.put', toBinary(MapPutSchema, create(MapPutSchema, { key, value, type })))

describe('A change', () => {
  it('of a key is shown in words', () => {
    assert.equal(put(text('A draft'), 'text/plain'), 'put title = A draft')
    assert.equal(put(text('5'), 'text/plain'), 'put title = 5')
    assert.equal(put(Uint8Array.of(1, 2, 255), ''), 'put title = (3 bytes)')
    const photo = { key: 'photo', type: 'image/jpeg', blob: { id: new Uint8Array(32), size: 3_000_000n } }
    assert.equal(
      shown('cw.put', toBinary(MapPutSchema, create(MapPutSchema, photo))),
      'put photo = (3000000 bytes, image/jpeg)',
    )
    const key = 'hits'
    assert.equal(
      shown('cw.add', toBinary(CounterAddSchema, create(CounterAddSchema, { key, delta: -3n }))),
      'add -3 to hits',
    )
    assert.equal(
      shown('cw.delete', toBinary(MapDeleteSchema, create(MapDeleteSchema, { key }))),
      'delete hits',
    )
    assert.equal(
      shown('cw.yjs', toBinary(TextUpdateSchema, create(TextUpdateSchema, { key }))),
      'edit the text hits',
    )
  })

  it('of the policy names the tree, what everybody may do, and keys', () => {
    const change = create(PolicyChangeSchema, {
      treeName: 'notes',
      publicAccess: PublicAccess.WRITE,
      keys: [
        { peer: new Uint8Array(32).fill(0xab), permission: Permission.ADMIN },
        { peer: new Uint8Array(32).fill(0xcd), permission: Permission.READ, name: 'Bob', revoked: true },
      ],
    })
    assert.equal(
      shown('', toBinary(PolicyChangeSchema, change), '_policy'),
      'name notes, everybody write, abababababab admin, cdcdcdcdcdcd revoked Bob',
    )
  })

  it('that is of an application, or cannot be read, is shown as its text or its size', () => {
    assert.equal(shown('', text('hello')), 'hello')
    assert.equal(shown('toString', text('hello')), 'hello')
    assert.equal(shown('cw.put', Uint8Array.of(0xff, 0xff)), '(2 bytes)')
    assert.equal(shown('', Uint8Array.of(0xff), '_policy'), '(1 byte)')
  })

  it('has no control characters for the terminal', () => {
    assert.equal(put(text('\x1b[2Ja\nb'), 'text/plain', 'k\x1b[2Jk'), 'put k [2Jk = [2Ja b')
  })
})
