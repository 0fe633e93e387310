/** `causeway migrate`: brings a store that an earlier version wrote to the format of this one, or says what that would do. */
import type { Command } from 'commander'
import { hasNode, migrateData, surveyData } from '../../node/data-folder.ts'
import { dialLocal } from '../../transport/local.ts'
import { type CommonOptions, noNodeError, whenFree } from '../context.ts'
import { dataFolder } from '../default-folder.ts'
import { examples } from '../help.ts'
import { plainText, print, quantity } from '../output.ts'
import { ProgressBar } from '../progress.ts'
import { io } from '../streams.ts'

interface MigrateOptions extends CommonOptions {
  readonly dryRun?: boolean
}

type Survey = Awaited<ReturnType<typeof surveyData>>

export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description('bring a store that an earlier version wrote to the format of this one')
    .option('--dry-run', 'only say what a migration would do')
    .addHelpText(
      'after',
      `
Every command that opens such a store migrates it, \`causeway serve\` too; this
one does nothing else, and shows how far it is. A migration that was cut goes on
with the next command. Earlier versions cannot open the store afterwards, so
copy the folder before if you may want to go back.`,
    )
    .addHelpText('after', examples('causeway migrate --dry-run', 'causeway migrate --data /var/lib/causeway'))
    .action(migrate)
}

async function migrate(options: MigrateOptions): Promise<void> {
  const data = dataFolder(options)
  if (!hasNode(data)) throw noNodeError(data)
  const survey = await whenFree(
    data,
    () => isServed(data),
    async () => {
      const found = await surveyData(data)
      for (const word of found.words) io().stderr.write(`damaged: LevelDB: ${plainText(word, 1000)}\n`)
      if (found.plan === undefined || options.dryRun) return found
      const bar = new ProgressBar('migrating', options.json)
      await migrateData(data, {
        onMigration: ({ done, count }: { done: number; count: number }) =>
          bar.update(done, Math.max(done, count)),
      })
      bar.end()
      return found
    },
  )
  const { format, plan, isOpen } = { isOpen: false, ...survey }
  const migrated = plan !== undefined && !options.dryRun
  print(
    options,
    { ...(!isOpen && { format }), pending: plan !== undefined && !migrated, migrated, ...plan },
    textOf(data, survey, migrated),
  )
}

/** Returns an answer if a node runs on the folder: it has migrated its store as it started. */
async function isServed(data: string): Promise<(Survey & { readonly isOpen: true }) | undefined> {
  const channel = await dialLocal(data)
  channel?.stream.destroy()
  return channel && { isOpen: true, format: 0, plan: undefined, words: [] }
}

function textOf(data: string, survey: Survey & { readonly isOpen?: true }, migrated: boolean): string {
  const { format, plan, isOpen } = survey
  if (isOpen)
    return `A node runs on ${data}, so its store has the format of that node: there is nothing to do.`
  if (plan === undefined)
    return `The store of ${data} has format ${format}, that of this version: there is nothing to do.`
  const { trees, entries, rows, damaged } = plan
  const what = `${quantity(trees, 'tree')} with ${quantity(entries, 'entry', 'entries')}`
  const lines = migrated
    ? [`Migrated the store of ${data} from format ${format}: ${what}, ${quantity(rows, 'row')}.`]
    : [
        `The store of ${data} has format ${format}. A migration would write ${quantity(rows, 'row')} of ${what} anew.`,
        'Copy the folder first if you may want to go back to an earlier version.',
      ]
  if (damaged > 0)
    lines.push(
      `${quantity(damaged, 'row')} cannot be read: run \`causeway repair\` ${migrated ? '' : 'after it '}to mend the trees.`,
    )
  return lines.join('\n')
}
