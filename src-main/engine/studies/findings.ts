import { createRandom } from '../../nas/random.ts'
import { bootstrapInterval } from '../../nas/statistics/bootstrap-interval.ts'
import { meanOf } from '../../nas/statistics/cost-bands.ts'
import { kendallTau } from '../../nas/statistics/kendall-tau.ts'
import type { PairedScore } from '../../nas/statistics/kendall-tau.ts'
import type { Finding } from './study.types.ts'

/** What a finding is about. */
export interface Subject {
  readonly measure: string
  readonly group?: string
  readonly seed: number | null
}

/** The mean of independent values with its interval. */
export function findMean(subject: Subject, values: readonly number[]): Finding {
  const interval = bootstrapInterval(values, meanOf, { random: bootstrapRandom(subject) })
  return {
    ...complete(subject),
    value: values.length === 0 ? null : meanOf(values),
    interval,
    samples: values.length,
  }
}

/** Kendall's tau over entries, or over those pairs of entries that are compared, with its interval over resampled entries. */
export function findTau<Entry extends PairedScore>(
  subject: Subject,
  entries: readonly Entry[],
  isCompared?: (a: Entry, b: Entry) => boolean,
): Finding {
  const interval = bootstrapInterval(entries, (resample) => kendallTau(resample, isCompared), {
    random: bootstrapRandom(subject),
  })
  return { ...complete(subject), value: kendallTau(entries, isCompared), interval, samples: entries.length }
}

/** A number that is simply known: a hypervolume, a count. */
export function findValue(subject: Subject, value: number, samples: number): Finding {
  return { ...complete(subject), value, interval: null, samples }
}

function complete({ measure, group = '', seed }: Subject): Required<Subject> {
  return { measure, group, seed }
}

/** Fixed by what is measured, so that the same scores always give the same interval. */
function bootstrapRandom({ measure, group = '', seed }: Subject) {
  return createRandom(0, 'study bootstrap', measure, group, String(seed))
}
