import { basename } from 'node:path'
import { resolveDataFolder } from '../../engine/find-engine.ts'
import type { DatabaseReport } from '../../engine/restore/restore-database.ts'
import { restore } from '../../engine/restore/restore.ts'
import { DATA_ARG, EXIT, flag, JSON_ARG, text } from '../command-line.ts'
import type { Command } from '../command-line.ts'
import { formatTable } from '../run-result.ts'

export const restoreCommand: Command = {
  description: 'Put a copy in the place of a damaged or lost database',
  example: 'scalenas restore',
  args: {
    from: {
      type: 'string',
      valueHint: 'FILE',
      description: 'Copy to put in place (default: the newest whole one, if the database cannot be used)',
    },
    ...DATA_ARG,
    ...JSON_ARG,
  },
  async run(args, { terminal }) {
    const report = await restore({
      dataFolder: resolveDataFolder(text(args, 'data')),
      from: text(args, 'from') ?? null,
      now: Date.now,
    })
    terminal.out(
      flag(args, 'json') ? JSON.stringify(report, null, 2) : describeDatabase(report.database).join('\n'),
    )
    return EXIT.done
  },
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
