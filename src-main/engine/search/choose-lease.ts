import type { GenotypeJson } from '../../contract/index.ts'
import { sharingOrder } from '../../nas/sharing-order.ts'

export interface LeasableRow {
  readonly id: string
  readonly genotype: GenotypeJson
  readonly macs: number
  /** How often a worker died with it in hand. */
  readonly crashes: number
}

export interface LeaseChoice {
  readonly workers: number
  /** Mean of the evaluations so far; null before the first. */
  readonly millisecondsEach: number | null
  /** False where workers score candidates one by one. */
  readonly shares: boolean
}

/** Few enough that a death costs little, many enough that workers seldom wait for the next job. */
const LEAST = 4
/** The more, the more they share; beyond this little is left to gain. */
const MOST = 64
/** A worker that dies or is stopped loses at most about this much. */
const LEASE_MILLISECONDS = 60_000

/**
 * Which rows a worker gets next. Rows that a worker died with before come last and alone. The others stand in the order in which
 * neighbours share most, and a lease is the first piece of it with a worker's part of the multiply-adds, as long as it takes no
 * more than a minute.
 *
 * @param rows - All proposed rows of a generation.
 */
export function chooseLease<Row extends LeasableRow>(
  rows: readonly Row[],
  { workers, millisecondsEach, shares }: LeaseChoice,
): readonly Row[] {
  const fresh = rows.filter(({ crashes }) => crashes === 0)
  if (fresh.length === 0) {
    return rows.slice(0, 1)
  }
  const part = fresh.reduce((sum, { macs }) => sum + macs, 0) / workers
  const most = shares ? mostInTime(millisecondsEach) : LEAST
  const chosen: Row[] = []
  let macs = 0
  for (const index of sharingOrder(fresh.map(({ genotype }) => ({ modules: modulesOf(genotype) })))) {
    const row = fresh[index]
    if (row !== undefined && chosen.length < most && (macs < part || chosen.length === 0)) {
      chosen.push(row)
      macs += row.macs
    }
  }
  return chosen
}

function mostInTime(millisecondsEach: number | null): number {
  if (millisecondsEach === null || millisecondsEach <= 0) {
    return LEAST
  }
  return Math.min(MOST, Math.max(LEAST, Math.floor(LEASE_MILLISECONDS / millisecondsEach)))
}

function modulesOf({ stages }: GenotypeJson): GenotypeJson['stages'][number]['modules'] {
  return stages.flatMap(({ modules }) => modules)
}
