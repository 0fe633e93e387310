/**
 * Installs the systems that `peers` compares with, by npm and the registry that it is set up with, into a folder of their
 * own in bench/cache: they are no dependencies of the package. The folder's name follows from the versions.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../project.ts'

/** The versions that figures were compared with. The later ones of Hocuspocus want Node 22. */
const versions = {
  hypercore: '11.39.5',
  '@automerge/automerge-repo': '2.5.6',
  '@automerge/automerge-repo-network-websocket': '2.5.6',
  '@automerge/automerge-repo-storage-nodefs': '2.5.6',
  '@hocuspocus/server': '3.4.4',
  '@hocuspocus/provider': '3.4.4',
  ws: '8.23.0',
  yjs: '13.6.33',
}

/** Returns the module that plays one side, beside the packages that it uses. */
export function installPeers(note: (text: string) => void): string {
  const key = createHash('sha256').update(JSON.stringify(versions)).digest('hex').slice(0, 12)
  const folder = join(projectRoot, 'bench/cache', `peers-${key}`)
  if (!existsSync(folder)) {
    note('installing the systems to compare with')
    const making = `${folder}.making`
    rmSync(making, { recursive: true, force: true })
    mkdirSync(making, { recursive: true })
    writeFileSync(join(making, 'package.json'), JSON.stringify({ private: true, dependencies: versions }))
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: making,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    renameSync(making, folder)
  }
  cpSync(join(projectRoot, 'bench/peers/systems'), join(folder, 'systems'), { recursive: true })
  return join(folder, 'systems/side.mjs')
}
