import type { DatasetFacts } from './run.ts'

/** A dataset that the data folder remembers; its images stay where they are. */
export interface RegisteredDataset {
  readonly id: string
  readonly name: string
  readonly path: string
  readonly addedAt: number
  readonly facts: DatasetFacts
}
