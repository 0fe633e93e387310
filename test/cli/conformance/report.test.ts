/** The reports of the conformance kit, its features file, and programs that do not answer as they should. */
import { strict as assert } from 'node:assert'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type Case, expectSame } from '../../../src/cli/conformance/case.ts'
import { take } from '../../../src/cli/conformance/cases/entries.ts'
import { readFeatures, readKnownFailing } from '../../../src/cli/conformance/features.ts'
import { Program } from '../../../src/cli/conformance/program.ts'
import { documentOf, isBad, junitOf, type Outcome, tapOf } from '../../../src/cli/conformance/report.ts'
import { playCases, runCases } from '../../../src/cli/conformance/run.ts'
import { limited } from '../../kit/limited.ts'
import { tempFolder } from '../../kit/peers.ts'

const kit: Case = { name: 'entries: <one> & "two"', level: 'entries', rules: ['E4'], run: async () => {} }

function fault(): Error {
  try {
    expectSame('E4', 'the body', Uint8Array.of(1, 2), '0103')
  } catch (error) {
    return error as Error
  }
  throw new Error('bytes that differ are taken for the same')
}

const passed: Outcome = { case: kit, ms: 1, known: false }
const failed: Outcome = { case: kit, ms: 1, known: false, failure: fault() }

describe('the reports of the kit', () => {
  it('name the rule of a failure, and show the bytes', () => {
    const text = tapOf(failed, 7)
    assert.match(text, /^not ok 7 - entries: <one> & "two" \[E4\]\n/)
    assert.match(text, /rule: "E4"\n {2}message: "the body"\n {2}expected: "0102"\n {2}got: "0103"/)
    assert.match(tapOf(passed, 8), /^ok 8 - [^\n]+\[E4\]$/)
    assert.match(junitOf([passed, failed]), /tests="2" failures="1"/)
    assert.match(junitOf([failed]), /name="entries: &lt;one&gt; &amp; &quot;two&quot;"/)
    assert.match(junitOf([failed]), /rule: E4/)
    assert.deepEqual((documentOf([failed]) as { ok: boolean }).ok, false)
  })

  it('take a known failure for no failure, and one that passes for one', () => {
    const known = { ...failed, known: true }
    assert.equal(isBad(known), false)
    assert.match(tapOf(known, 1), /^not ok 1 .*# TODO/)
    assert.match(junitOf([known]), /failures="0"[\s\S]*<skipped/)
    const mended = { ...passed, known: true }
    assert.equal(isBad(mended), true)
    assert.match(tapOf(mended, 1), /take it out/)
    assert.match(tapOf(mended, 1), /^not ok 1 (?!.*# TODO)/)
  })
})

describe('the files of the kit', () => {
  it('name levels and transports, and nothing else', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'features.json')
    const read = (text: string) => {
      writeFileSync(file, text)
      return readFeatures(file)
    }
    assert.deepEqual(read('{"levels": ["entries"]}'), { levels: ['entries'], transports: ['connect'] })
    for (const wrong of ['{', '{"levels": ["all"]}', '{}', '{"levels": [], "transport": []}'])
      assert.throws(() => read(wrong), { code: 'INVALID_ARGUMENT' })
    assert.throws(() => readFeatures(join(folder.path, 'absent')), { code: 'INVALID_ARGUMENT' })
  })

  it('list known failures, with comments', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'known.txt')
    writeFileSync(file, '# All of these\nentries: one # as yet\n\n')
    assert.deepEqual([...readKnownFailing(file)], ['entries: one'])
    assert.throws(() => readKnownFailing(join(folder.path, 'absent')), { code: 'INVALID_ARGUMENT' })
  })
})

describe('a program', () => {
  const asks: Case = { ...kit, run: async ({ program }) => void (await program.expect('take')) }
  const outcomeOf = async (script: string, cases: readonly Case[] = [asks, asks]) => {
    await using program = new Program(process.execPath, ['-e', script])
    const lines: string[] = []
    const played = playCases(cases, { program, transports: [] }, new Set(), (line) => lines.push(line))
    return {
      lines,
      error: await played.then(
        () => undefined,
        (error) => error as Error,
      ),
    }
  }

  it('that ends stops the run', async () => {
    const { lines, error } = await outcomeOf('process.exit(3)')
    assert.match(error!.message, /ended \(exit code 3\)/)
    assert.match(lines.at(-1)!, /^Bail out! /)
  })

  it('that prints something else stops the run', async () => {
    const { error } = await outcomeOf('console.log("hello"); process.stdin.resume()')
    assert.match(error!.message, /not an answer.*hello/)
  })

  it('that answers with an error fails the case, and the next one runs', async () => {
    const { lines, error } = await outcomeOf(`
      require('node:readline').createInterface({ input: process.stdin }).on('line', (line) =>
        console.log(JSON.stringify({ call: JSON.parse(line).call, error: { code: 'UNIMPLEMENTED' } })))`)
    assert.equal(error, undefined)
    assert.equal(lines.filter((line) => /^not ok/.test(line)).length, 2)
    assert.match(lines[0]!, /the error UNIMPLEMENTED/)
  })

  it('that answers without the fields of its request is told which one is missing', async () => {
    await using program = new Program(process.execPath, [
      '-e',
      `require('node:readline').createInterface({ input: process.stdin }).on('line', (line) =>
        console.log(JSON.stringify({ call: JSON.parse(line).call, results: [] })))`,
    ])
    await assert.rejects(take({ program, transports: [] }, []), /a list "trees".*got \{"results":\[\]\}/)
  })

  it('that hangs stops the run after a few requests', async () => {
    using _ = limited({ conformanceAnswerMs: 1, conformanceSilences: 2, conformanceEndMs: 1 })
    const { lines, error } = await outcomeOf('process.stdin.resume()', [asks, asks, asks])
    assert.match(error!.message, /hangs: it answered none of 2 requests/)
    assert.equal(lines.filter((line) => /^not ok/.test(line)).length, 2)
  })

  it('is not judged with known failures that are none of the kit', async () => {
    const features = { levels: ['entries'], transports: [] } as const
    const options = { mode: 'peer', features, command: 'unused', args: [], print: () => {} } as const
    await assert.rejects(runCases({ ...options, knownFailing: new Set(['entries: no such case']) }), {
      code: 'INVALID_ARGUMENT',
      message: /entries: no such case/,
    })
  })

  it('for which no case is left does not pass', async () => {
    const run = { mode: 'server', knownFailing: new Set<string>(), command: 'unused', args: [] } as const
    const features = { levels: ['entries'], transports: [] } as const
    const lines: string[] = []
    const print = (line: string) => void lines.push(line)
    await assert.rejects(runCases({ ...run, features, print }), { code: 'INVALID_ARGUMENT' })
    assert.deepEqual(lines, [])
  })

  it('that cannot be started stops the run', async () => {
    await using program = new Program('/nowhere/program', [])
    await assert.rejects(program.ask('take'), /cannot be started/)
  })
})
