/** The labelled joints of each person of one picture, as flat indices into its tags; persons without any are left out. */
export type TaggedPersons = readonly (readonly number[])[]

export interface TagLoss {
  /** Joints of one person apart from their mean. */
  readonly pull: number
  /** Persons with like tags. */
  readonly push: number
}

/**
 * How near a pair of persons counts: `exp` exp(-d²), the published choice; `max` max(0, 1 - |d|), the other one of the published code.
 * `exp` has no slope between equal tags, so that a short training may never tell them apart; `max` has the same slope up to 1.
 */
export type PushKind = 'exp' | 'max'

/**
 * Associative embedding (method.md 9.2): pull = mean over persons of the variance of their tags; push = half the mean over ordered
 * pairs of persons of how near their means are. No person: both 0; one person: push 0.
 *
 * @param tags - Of one picture; `persons` index into it.
 * @param gradient - Of tags' shape; weight · d(pull + push) / d(tag) is added to it.
 */
export function tagLoss(
  tags: ArrayLike<number>,
  persons: TaggedPersons,
  gradient: Float32Array | Float64Array,
  weight: number,
  kind: PushKind = 'exp',
): TagLoss {
  const known = persons.filter((joints) => joints.length > 0)
  const count = known.length
  if (count === 0) {
    return { pull: 0, push: 0 }
  }
  const means = known.map((joints) => joints.reduce((sum, at) => sum + (tags[at] ?? 0), 0) / joints.length)
  const { push, slopes } = pushApart(means, PUSHES[kind])
  let pull = 0
  for (const [person, joints] of known.entries()) {
    const mean = means[person] ?? 0
    const slope = (slopes[person] ?? 0) / joints.length
    for (const at of joints) {
      const off = (tags[at] ?? 0) - mean
      pull += off ** 2 / joints.length / count
      // The mean's own share of the variance's gradient is a sum of deviations, which is 0.
      gradient[at] = (gradient[at] ?? 0) + weight * ((2 * off) / joints.length / count + slope)
    }
  }
  return { pull, push }
}

/** How near two persons are by the difference of their means, and minus its slope. */
type Nearness = (difference: number) => { readonly near: number; readonly away: number }

const PUSHES: Readonly<Record<PushKind, Nearness>> = {
  exp: (difference) => {
    const near = Math.exp(-(difference ** 2))
    return { near, away: 2 * difference * near }
  },
  max: (difference) => {
    const near = Math.max(0, 1 - Math.abs(difference))
    return { near, away: near > 0 ? Math.sign(difference) : 0 }
  },
}

function pushApart(
  means: readonly number[],
  nearness: Nearness,
): { readonly push: number; readonly slopes: readonly number[] } {
  const count = means.length
  const pairs = count * (count - 1)
  if (pairs === 0) {
    return { push: 0, slopes: means.map(() => 0) }
  }
  let push = 0
  const slopes = means.map((own, person) => {
    let slope = 0
    for (const [other, mean] of means.entries()) {
      if (other !== person) {
        const { near, away } = nearness(own - mean)
        push += near
        // Each unordered pair stands twice in the sum, halved by the factor: minus its slope remains.
        slope -= away
      }
    }
    return slope / pairs
  })
  return { push: (0.5 * push) / pairs, slopes }
}
