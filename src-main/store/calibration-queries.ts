import { desc, eq } from 'drizzle-orm'
import type { Calibration, LoaderCost } from '../contract/index.ts'
import type { StudioDatabase } from './open-database.ts'
import { calibrations } from './schema.ts'

/** What this machine measured; a new measurement of the same key takes the place of the old one. */
export interface CalibrationQueries {
  findCompute(key: string): Calibration | null
  findLoader(key: string): LoaderCost | null
  saveCompute(calibration: Calibration): void
  saveLoader(cost: LoaderCost): void
  /** Newest first. */
  listCompute(): Calibration[]
}

export function createCalibrationQueries(db: StudioDatabase): CalibrationQueries {
  const find = (key: string): unknown =>
    db.select().from(calibrations).where(eq(calibrations.key, key)).get()?.figures ?? null
  const save = (kind: 'compute' | 'loader', figures: Calibration | LoaderCost): void => {
    const { key, measuredAt } = figures
    db.insert(calibrations)
      .values({ key, kind, measuredAt, figures })
      .onConflictDoUpdate({ target: calibrations.key, set: { measuredAt, figures } })
      .run()
  }
  return {
    // Keys begin with their kind, so a key has figures of one kind.
    findCompute: (key) => find(key) as Calibration | null,
    findLoader: (key) => find(key) as LoaderCost | null,
    saveCompute: (calibration) => {
      save('compute', calibration)
    },
    saveLoader: (cost) => {
      save('loader', cost)
    },
    listCompute: () =>
      db
        .select()
        .from(calibrations)
        .where(eq(calibrations.kind, 'compute'))
        .orderBy(desc(calibrations.measuredAt))
        .all()
        .map((row) => row.figures as Calibration),
  }
}
