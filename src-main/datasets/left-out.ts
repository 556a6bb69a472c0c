import { showField } from '../contract/index.ts'
import type { DatasetFacts } from '../contract/index.ts'

/** Collects why samples are left out: one line a reason, with its count and the first example. */
export class LeftOut {
  private readonly reasons = new Map<string, { count: number; readonly example: string }>()

  add(reason: string, example: string, count = 1): void {
    const known = this.reasons.get(reason)
    if (known === undefined) {
      this.reasons.set(reason, { count, example })
    } else {
      known.count += count
    }
  }

  /** Examples are names out of foreign files, shown as they are written. */
  toFacts(): DatasetFacts['leftOut'] {
    return Array.from(this.reasons, ([reason, { count, example }]) => ({
      ...{ reason, count, example: showField(example) },
    }))
  }

  /** The same as lines for the details of an error. */
  toLines(): string[] {
    return this.toFacts().map(
      ({ reason, count, example }) => `${reason}: ${String(count)}, for example ${example}`,
    )
  }
}
