/**
 * Where the project's files are. `npm test` compiles the tests to build/, which holds code alone and starts in half the
 * time; one by one they also run from where they stand, under tsx. So what they read is named by its path in the project.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(import.meta.url)
const compiled = here.endsWith('.js')

export const projectRoot = join(dirname(here), compiled ? '../../..' : '../..')

export const projectFile = (path: string): string => join(projectRoot, path)

/** The built command. */
export const builtCommand = projectFile('dist/causeway.js')

/** A module of the tests as this process would load it. */
export const testModule = (path: string): string =>
  projectFile(compiled ? `build/${path.replace(/\.ts$/, '.js')}` : path)

/** What Node needs before the name of such a module, or of any in TypeScript. */
export const loader: readonly string[] = compiled ? [] : ['--import', 'tsx']
