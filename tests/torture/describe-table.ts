import type { FullDiskTable } from './full-disk.ts'
import type { KillTable } from './kills.ts'

/** What the suite prints of each part: a heading, then a line for each figure. */
export function describeKills(table: KillTable): string {
  return describePart('kills', [
    ['kills', `${table.kills} (${describeCounts(table.byPhase)})`],
    ['of', describeCounts(table.byVictim)],
    ['at', describeCounts(table.byMoment)],
    ['checkpoints damaged', `${table.damages} (${describeCounts(table.byDamage)})`],
    ['runs equal to the undisturbed one', `${table.equalRuns} of ${table.runs}`],
    ['hangs', String(table.hangs)],
    ['processes left after 3 s', String(table.leftProcesses)],
    ['files left', String(table.leftFiles)],
  ])
}

export function describeFullDisk({ rounds, equalRuns, skipped }: FullDiskTable): string {
  return describePart('full disk', [
    skipped === null
      ? ['runs equal to the undisturbed one', `${equalRuns} of ${rounds}`]
      : ['not tried', skipped],
  ])
}

export function describePart(title: string, rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  return [title, ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)].join('\n')
}

function describeCounts(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts)
  return entries.length === 0 ? 'none' : entries.map(([name, times]) => `${name} ${times}`).join(', ')
}
