/** The labelled joints of each person of one picture, as flat indices into its tags; persons without any are left out. */
export type TaggedPersons = readonly (readonly number[])[]

export interface TagLoss {
  /** Joints of one person apart from their mean. */
  readonly pull: number
  /** Persons with like tags. */
  readonly push: number
}

/**
 * Associative embedding (method.md 9.2): pull = mean over persons of the variance of their tags; push = half the mean over ordered
 * pairs of persons of exp(-(difference of means)²). No person: both 0; one person: push 0.
 *
 * @param tags - Of one picture; `persons` index into it.
 * @param gradient - Of tags' shape; weight · d(pull + push) / d(tag) is added to it.
 */
export function tagLoss(
  tags: ArrayLike<number>,
  persons: TaggedPersons,
  gradient: Float32Array | Float64Array,
  weight: number,
): TagLoss {
  const known = persons.filter((joints) => joints.length > 0)
  const count = known.length
  if (count === 0) {
    return { pull: 0, push: 0 }
  }
  const means = known.map((joints) => joints.reduce((sum, at) => sum + (tags[at] ?? 0), 0) / joints.length)
  const { push, slopes } = pushApart(means)
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

function pushApart(means: readonly number[]): { readonly push: number; readonly slopes: readonly number[] } {
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
        const near = Math.exp(-((own - mean) ** 2))
        push += near
        // Each unordered pair stands twice in the sum, halved by the factor: -2 d exp(-d²) remains.
        slope -= 2 * (own - mean) * near
      }
    }
    return slope / pairs
  })
  return { push: (0.5 * push) / pairs, slopes }
}
