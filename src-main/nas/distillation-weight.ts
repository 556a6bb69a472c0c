/** What decides the weight of distillation over a training. */
export interface DistillationSchedule {
  /** Weight of the first iteration. */
  readonly distillationWeight?: number | undefined
  /** Weight of the last iteration; absent: the weight is constant. */
  readonly distillationWeightEnd?: number | undefined
}

/**
 * Weight of iteration k (from 0) out of `total`: linear from the first to the last iteration, so a resumed training has the same.
 * A training of one iteration has the first weight.
 */
export function distillationWeightAt(
  { distillationWeight: first = 0, distillationWeightEnd: last = first }: DistillationSchedule,
  iteration: number,
  total: number,
): number {
  // The ends are exact, so that a weight that ends at 0 needs no teacher there.
  if (iteration <= 0 || total <= 1 || first === last) {
    return first
  }
  return iteration >= total - 1 ? last : first + ((last - first) * iteration) / (total - 1)
}

/** Whether any iteration may ask the teacher. */
export function isDistilled(schedule: DistillationSchedule): boolean {
  return mostDistillationWeight(schedule) > 0
}

/** Whether a super-network starts from the teacher or asks it: otherwise none is trained. */
export function needsTeacher(
  config: DistillationSchedule & { readonly start?: string | undefined },
): boolean {
  return config.start !== 'fresh' || isDistilled(config)
}

/** The largest weight of any iteration. */
export function mostDistillationWeight({
  distillationWeight = 0,
  distillationWeightEnd = 0,
}: DistillationSchedule): number {
  return Math.max(distillationWeight, distillationWeightEnd)
}
