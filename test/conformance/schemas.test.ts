/** Each file of vectors and transcripts is as its JSON Schema says, and what is not so is found. */
import { strict as assert } from 'node:assert'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { projectFile } from '../kit/project.ts'

const kit = projectFile('conformance')
const read = (path: string) => JSON.parse(readFileSync(`${kit}/${path}`, 'utf8'))
const ajv = new Ajv2020({ strict: true, strictRequired: false })

/** The folder of each file, by its name. */
const files = ['vectors', 'transcripts'].flatMap((folder) =>
  readdirSync(`${kit}/${folder}`)
    .filter((file) => file.endsWith('.json'))
    .map((file) => [file.replace('.json', ''), folder] as const),
)
const schemas = new Map<string, ValidateFunction>(
  files.map(([name]) => [name, ajv.compile(read(`schemas/${name}.schema.json`))]),
)

describe('the schemas of vectors and transcripts', () => {
  it('are one for each file', () => {
    assert.deepEqual(
      readdirSync(`${kit}/schemas`).sort(),
      files.map(([name]) => `${name}.schema.json`).sort(),
    )
  })

  for (const [name, folder] of files)
    it(`${folder}/${name}.json is as its schema says`, () => {
      const validate = schemas.get(name)!
      assert.ok(validate(read(`${folder}/${name}.json`)), ajv.errorsText(validate.errors))
    })

  for (const [name, folder] of files)
    it(`finds what is wrong in a file like ${name}.json`, () => {
      const validate = schemas.get(name)!
      const file = read(`${folder}/${name}.json`)
      const lists = Object.keys(file).filter((key) => key !== 'about' && Array.isArray(file[key]))
      assert.ok(lists.length > 0)
      for (const list of lists) {
        const [first] = file[list]
        // A field that nobody knows, and for each field: it is missing, and it is of another type.
        const wrong = [{ ...first, unknown: 1 }]
        for (const key of Object.keys(first)) wrong.push({ ...first, [key]: [true] })
        const { [Object.keys(first)[0]!]: _, ...rest } = first
        for (const item of [...wrong, rest])
          assert.equal(
            validate({ ...file, [list]: [item] }),
            false,
            `${list}: ${JSON.stringify(item).slice(0, 300)}`,
          )
      }
      assert.equal(validate({ ...file, unknown: [] }), false)
      assert.equal(validate({}), false)
    })

  it('finds bytes in capitals, and half a byte', () => {
    const validate = schemas.get('entries')!
    const file = read('vectors/entries.json')
    for (const body of ['AB', 'abc', [{ repeat: 'ab' }], [{ repeat: 'ab', times: 0 }]])
      assert.equal(validate({ ...file, valid: [{ ...file.valid[0], body }] }), false, JSON.stringify(body))
  })
})
