/**
 * A score of pictures that count `weights[p]` times each: 1 everywhere gives the score itself, multiplicities of a draw with
 * replacement give that of a resample. In [0, 1].
 *
 * @param weights - [P]: whole numbers of 0 and more.
 */
export type WeightedScore = (weights: ArrayLike<number>) => number

export interface RatioParts {
  /** [P]. */
  readonly hits: ArrayLike<number>
  /** [P]. */
  readonly trials: ArrayLike<number>
}

/** Hits over trials of all pictures together; 0 without a trial. Cost: O(P). */
export function ratioScore({ hits, trials }: RatioParts): WeightedScore {
  return (weights) => {
    let found = 0
    let tried = 0
    for (let picture = 0; picture < trials.length; picture++) {
      const weight = weights[picture] ?? 0
      found += weight * (hits[picture] ?? 0)
      tried += weight * (trials[picture] ?? 0)
    }
    return tried === 0 ? 0 : found / tried
  }
}

export interface IouParts {
  readonly classes: number
  /** [P, C]: pixels. */
  readonly intersections: ArrayLike<number>
  /** [P, C]: pixels. */
  readonly unions: ArrayLike<number>
}

/** Mean over the classes with a union of intersection over union, of all pictures together; 0 without any. Cost: O(P C). */
export function iouScore({ classes, intersections, unions }: IouParts): WeightedScore {
  const pictures = classes === 0 ? 0 : unions.length / classes
  return (weights) => {
    const shared = new Float64Array(classes)
    const either = new Float64Array(classes)
    for (let picture = 0; picture < pictures; picture++) {
      const weight = weights[picture] ?? 0
      for (let index = 0; weight > 0 && index < classes; index++) {
        const cell = picture * classes + index
        shared[index] = (shared[index] ?? 0) + weight * (intersections[cell] ?? 0)
        either[index] = (either[index] ?? 0) + weight * (unions[cell] ?? 0)
      }
    }
    let sum = 0
    let counted = 0
    for (let index = 0; index < classes; index++) {
      const union = either[index] ?? 0
      if (union > 0) {
        sum += (shared[index] ?? 0) / union
        counted += 1
      }
    }
    return counted === 0 ? 0 : sum / counted
  }
}
