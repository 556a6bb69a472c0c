import type { TaskKind } from './config.ts'
import type { DatasetFacts } from './run.ts'

/** A dataset that the data folder remembers; its images stay where they are. */
export interface RegisteredDataset {
  readonly id: string
  readonly name: string
  readonly path: string
  readonly addedAt: number
  readonly facts: DatasetFacts
}

/** Whether runs of a task can use data of the kind that the facts tell: key points of persons serve crops and whole pictures alike. */
export function servesTask(facts: Pick<DatasetFacts, 'task'>, task: TaskKind): boolean {
  return facts.task === task || (facts.task === 'pose' && task === 'bottom-up-pose')
}
