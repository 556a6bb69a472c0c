import { asc, eq } from 'drizzle-orm'
import type { RegisteredDataset } from '../contract/index.ts'
import type { StudioDatabase } from './open-database.ts'
import { datasets, settings } from './schema.ts'

export interface DatasetQueries {
  list(): RegisteredDataset[]
  findByPath(path: string): RegisteredDataset | null
  /** A folder that is registered already keeps its id and gets the new name and facts. */
  upsert(dataset: RegisteredDataset): RegisteredDataset
  /** False when there was none of that id. */
  delete(id: string): boolean
}

export function createDatasetQueries(db: StudioDatabase): DatasetQueries {
  const findByPath = (path: string): RegisteredDataset | null =>
    db.select().from(datasets).where(eq(datasets.path, path)).get() ?? null
  return {
    list: () => db.select().from(datasets).orderBy(asc(datasets.addedAt)).all(),
    findByPath,
    upsert(dataset) {
      db.insert(datasets)
        .values(dataset)
        .onConflictDoUpdate({
          target: datasets.path,
          set: { name: dataset.name, facts: dataset.facts },
        })
        .run()
      return findByPath(dataset.path) ?? dataset
    },
    delete: (id) => db.delete(datasets).where(eq(datasets.id, id)).run().changes > 0,
  }
}

export interface SettingQueries {
  find(key: string): unknown
  set(key: string, value: unknown): void
}

export function createSettingQueries(db: StudioDatabase): SettingQueries {
  return {
    find: (key) => db.select().from(settings).where(eq(settings.key, key)).get()?.value ?? null,
    set(key, value) {
      db.insert(settings)
        .values({ key, value })
        .onConflictDoUpdate({ target: settings.key, set: { value } })
        .run()
    },
  }
}
