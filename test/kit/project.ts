/**
 * Where the project's files are. `npm test` compiles the tests to build/, which holds only code and starts in half the
 * time; single tests also run from their source under tsx. So tests name the files that they read by their path in the
 * project.
 */
import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(import.meta.url)
const compiled = here.endsWith('.js')

export const projectRoot = join(dirname(here), compiled ? '../../..' : '../..')

export const projectFile = (path: string): string => join(projectRoot, path)

/** The built command. */
export const builtCommand = projectFile('dist/causeway.js')

/** Returns the path of a test module as this process would load it. */
export const testModule = (path: string): string =>
  projectFile(compiled ? `build/${path.replace(/\.ts$/, '.js')}` : path)

/** The arguments that Node needs before the name of such a module, or of any TypeScript one. */
export const loader: readonly string[] = compiled ? [] : ['--import', 'tsx']

/** Returns why a test that needs a command of the system is skipped, or false if the command is there. */
export function missingTool(name: string): string | false {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return `${name} is not installed`
  }
}
