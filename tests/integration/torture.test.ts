import { describe, expect, it } from 'vitest'
import { tortureFullDisk } from '../torture/full-disk.ts'
import { tortureRuns } from '../torture/kills.ts'

/** A short cut of `npm run torture`; the same seed tries the same things. */
const SEED = 20
const KILLS = 8
const DAMAGES = 4

describe.skipIf(process.platform !== 'linux')('torture (Linux: /proc)', () => {
  it('kills and damages between them change nothing and leave nothing behind', async () => {
    const lines: string[] = []
    const table = await tortureRuns({
      ...{ seed: SEED, kills: KILLS, damages: DAMAGES, deadlineMs: Number.POSITIVE_INFINITY },
      report: (line) => lines.push(line),
    })
    expect(table.finds, lines.join('\n')).toEqual([])
    expect(table.kills).toBeGreaterThanOrEqual(KILLS)
    expect(table.equalRuns).toBe(table.runs)
    expect(table.runs).toBeGreaterThan(0)
  })

  it('a full disk ends no run for good (root: tmpfs)', async (context) => {
    const { skipped, finds, equalRuns, rounds } = await tortureFullDisk({
      ...{ rounds: 1, seed: SEED },
      report: () => undefined,
    })
    if (skipped !== null) {
      context.skip(skipped)
      return
    }
    expect(finds).toEqual([])
    expect(equalRuns).toBe(rounds)
  })
})
