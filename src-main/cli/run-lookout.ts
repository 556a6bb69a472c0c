import { EngineError } from '../contract/index.ts'
import type { RunStatus, SpaceWait } from '../contract/index.ts'
import type { EngineServices } from '../engine/services/engine-services.ts'

export const FINAL: readonly RunStatus[] = ['completed', 'failed', 'stopped', 'interrupted']

/** Looks in a row without an answer, after which nobody will answer any more. */
const MOST_FAILURES = 5
/** A wait is repeated for who looks later, but not at every look. */
const LOOKS_BETWEEN_WORDS = 10

const BYTES_PER_MEGABYTE = 1e6

export interface LookoutOptions {
  readonly say: (line: string) => void
  readonly hasBeenStopped: () => boolean
  /** The run is over, or waiting for its events is of no use. */
  readonly end: () => void
}

export interface Lookout {
  look(): Promise<void>
  /** @throws EngineError of the last look, if the engine stopped answering. */
  requireAnswers(): void
}

/** Sees what no event says: an end before the first event, a full disk that takes no event, a database that gives no answer. */
export function createLookout(
  { runs, system }: Pick<EngineServices, 'runs' | 'system'>,
  runId: string,
  { say, hasBeenStopped, end }: LookoutOptions,
): Lookout {
  let failures = 0
  let looksSinceWord = LOOKS_BETWEEN_WORDS
  let lastFailure: unknown = null
  return {
    async look() {
      try {
        const { waitsForSpace } = await system.status()
        const wait = waitsForSpace.find((one) => one.runId === runId)
        if (wait !== undefined) {
          looksSinceWord += 1
          if (looksSinceWord > LOOKS_BETWEEN_WORDS) {
            looksSinceWord = 0
            say(describeWait(wait))
          }
          if (hasBeenStopped()) {
            say(`The run ends without that. It can be resumed: scalenas resume ${runId}`)
            end()
          }
        } else if (FINAL.includes((await runs.get(runId)).status)) {
          end()
        }
        failures = 0
      } catch (thrown) {
        lastFailure = thrown
        failures += 1
        if (failures >= MOST_FAILURES) {
          end()
        }
      }
    },
    requireAnswers() {
      if (failures >= MOST_FAILURES) {
        const reason = lastFailure instanceof Error ? lastFailure.message : String(lastFailure)
        throw new EngineError('STORAGE', `The run cannot be followed any more: ${reason}`)
      }
    },
  }
}

export function describeWait({ freeBytes, neededBytes }: Omit<SpaceWait, 'runId'>): string {
  const megabytes = (bytes: number): string => (bytes / BYTES_PER_MEGABYTE).toFixed(1)
  return (
    `The disk of the data folder is full: ${megabytes(freeBytes)} MB are free, about ${megabytes(neededBytes)} MB are needed. ` +
    'The run waits for space; Ctrl+C ends it, and it can be resumed.'
  )
}
