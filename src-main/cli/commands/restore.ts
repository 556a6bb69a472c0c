import { basename } from 'node:path'
import { resolveDataFolder } from '../../engine/find-engine.ts'
import type { DatabaseReport } from '../../engine/restore/restore-database.ts'
import type { FolderReport } from '../../engine/restore/restore-folders.ts'
import { restore } from '../../engine/restore/restore.ts'
import type { RestoreReport } from '../../engine/restore/restore.ts'
import { DATA_ARG, EXIT, flag, JSON_ARG, text } from '../command-line.ts'
import type { Command } from '../command-line.ts'
import { formatTable } from '../run-result.ts'

export const restoreCommand: Command = {
  description: 'Put a copy in the place of a lost database, or take runs in from their folders',
  example: 'scalenas restore',
  args: {
    from: {
      type: 'string',
      valueHint: 'FILE',
      description: 'Copy to put in place (default: the newest whole one, if the database cannot be used)',
    },
    folders: {
      type: 'boolean',
      description:
        'Take in run folders that the database does not name; without --from no copy is put in place',
    },
    ...DATA_ARG,
    ...JSON_ARG,
  },
  async run(args, { terminal }) {
    const report = await restore({
      dataFolder: resolveDataFolder(text(args, 'data')),
      from: text(args, 'from') ?? null,
      folders: flag(args, 'folders'),
      now: Date.now,
    })
    terminal.out(
      flag(args, 'json') ? JSON.stringify(report, null, 2) : describe(report, flag(args, 'folders')),
    )
    const isAnyRefused = report.folders.some(({ outcome }) => outcome === 'refused')
    return isAnyRefused ? EXIT.failed : EXIT.done
  },
}

function describe({ database, aside, folders }: RestoreReport, isFoldersAsked: boolean): string {
  return [
    ...(database === null ? [] : describeDatabase(database)),
    ...(aside === null ? [] : [`The database could not be used; it is kept as ${aside}.`]),
    ...(isFoldersAsked ? describeFolders(folders) : []),
  ].join('\n')
}

function describeFolders(folders: readonly FolderReport[]): string[] {
  if (folders.length === 0) {
    return ['The database names every run folder; there was nothing to take in.']
  }
  const words = {
    completed: 'is back as it was',
    interrupted: 'is back as interrupted; "scalenas resume" goes on from its newest checkpoint',
    refused: 'cannot be taken in',
  } as const
  return folders.map(
    ({ id, outcome, reason }) => `${id} ${words[outcome]}${reason === null ? '' : `: ${reason}`}`,
  )
}

function describeDatabase(report: DatabaseReport): string[] {
  return [...describeCopies(report), '', ...describePlaced(report)]
}

function describeCopies({ copies, database }: DatabaseReport): string[] {
  if (copies.length === 0) {
    return [`There is no copy of ${database} yet; a running engine makes one a day.`]
  }
  const rows = copies.map(({ file, at, bytes, runIds, fault }) => [
    new Date(at).toISOString(),
    `${(bytes / 2 ** 20).toFixed(1)} MB`,
    runIds === null ? '-' : String(runIds.length),
    fault ?? 'whole',
    basename(file),
  ])
  return formatTable([['made', 'size', 'runs', 'state', 'file'], ...rows])
}

function describePlaced({
  fault,
  placed,
  aside,
  database,
  unnamedRuns,
  laterRuns,
}: DatabaseReport): string[] {
  if (placed === null) {
    return [`${database} is whole and stays. To put a copy in its place anyway, name it with --from FILE.`]
  }
  const lost = fault === null ? 'whole' : fault
  const runs = placed.runIds ?? []
  return [
    `The copy of ${new Date(placed.at).toISOString()} is in place (the old database: ${lost}).`,
    ...(aside === null ? [] : [`The old one is kept as ${aside}.`]),
    `${String(runs.length)} runs came back${runs.length === 0 ? '.' : `: ${runs.join(', ')}.`}`,
    ...(unnamedRuns.length === 0
      ? []
      : [`Younger than the copy: ${unnamedRuns.join(', ')}. "scalenas restore --folders" takes them in.`]),
    ...(laterRuns.length === 0
      ? []
      : [`Went on after the copy: ${laterRuns.join(', ')}. "scalenas resume RUN" goes on from their files.`]),
  ]
}
