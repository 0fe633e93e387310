/**
 * A disk that is full for a while. The page that meets it fails with STORE_FULL, the next ones are stored, and all that
 * was acknowledged before and after is there once the process is killed and the store reopened.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { auditTree } from '../../src/store/audit/audit.ts'
import { openFolder } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { tempFolder } from '../kit/peers.ts'
import { loader, missingTool, testModule } from '../kit/project.ts'
import { fullHistory } from './full-child.ts'

const child = testModule('test/store/full-child.ts')

describe('a store whose disk is full for a while', { skip: missingTool('prlimit') }, () => {
  it('loses nothing that it acknowledged', async () => {
    await using folder = await tempFolder()
    const output = await new Promise<string>((resolve) => {
      const limited = ['--fsize=1000000:unlimited', process.execPath, ...loader, child, folder.path]
      execFile('prlimit', limited, (_, stdout) => resolve(stdout))
    })
    const entries = fullHistory()
    assert.deepEqual(JSON.parse(output), { count: entries.length, failures: ['STORE_FULL'] })
    const store = await DagStore.open(await openFolder(folder.path))
    const found = await auditTree(store, entries[0]!.id)
    await store.close()
    assert.deepEqual(found, { checked: entries.length, problems: [] })
  })
})
