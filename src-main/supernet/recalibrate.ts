import type { NormStatistics, Value } from '../compute/network-ops.ts'
import type { Kernels } from '../compute/kernels.ts'
import type { NetworkPlan } from '../nas/network-plan.types.ts'
import type { EvaluationSession, StatisticsMap } from './supernet.ts'

/** Recalibrated statistics on the host; all arrays have one value per channel. */
export interface HostStatistics {
  readonly mean: Float64Array
  readonly variance: Float64Array
}

interface RunningSum {
  readonly mean: Float64Array
  readonly variance: Float64Array
  images: number
}

/**
 * Batch-norm recalibration (method.md 6.1): every active norm normalises each batch with its own mean and biased variance; the
 * statistics become the averages over the batches, weighted by batch size. The spread of the batch means is not added.
 *
 * The session's super-network is left as it was.
 */
export function measureStatistics(
  kernels: Kernels,
  session: EvaluationSession,
  plan: NetworkPlan,
  batches: readonly Value[],
): ReadonlyMap<string, HostStatistics> {
  const sums = new Map<string, RunningSum>()
  for (const batch of batches) {
    const { outputs } = session.forwardCollecting(plan, batch, (name, statistics) => {
      const mean = kernels.downloadSync(statistics.mean)
      const unbiased = kernels.downloadSync(statistics.unbiasedVariance)
      kernels.release(statistics.mean)
      kernels.release(statistics.unbiasedVariance)
      // One position has no unbiased variance; its biased variance is 0.
      const toBiased = statistics.positions > 1 ? (statistics.positions - 1) / statistics.positions : 0
      addBatch(sums, name, mean, unbiased, toBiased, statistics.images)
    })
    for (const { handle } of outputs) {
      kernels.release(handle)
    }
  }
  return new Map(
    [...sums].map(([name, sum]) => [
      name,
      { mean: sum.mean.map((v) => v / sum.images), variance: sum.variance.map((v) => v / sum.images) },
    ]),
  )
}

function addBatch(
  sums: Map<string, RunningSum>,
  name: string,
  mean: Float32Array,
  unbiased: Float32Array,
  toBiased: number,
  images: number,
): void {
  let sum = sums.get(name)
  if (sum === undefined) {
    sum = { mean: new Float64Array(mean.length), variance: new Float64Array(mean.length), images: 0 }
    sums.set(name, sum)
  }
  sum.images += images
  for (let c = 0; c < mean.length; c++) {
    const spread = toBiased === 0 ? 0 : (unbiased[c] ?? 0) * toBiased
    sum.mean[c] = (sum.mean[c] ?? 0) + images * (mean[c] ?? 0)
    sum.variance[c] = (sum.variance[c] ?? 0) + images * spread
  }
}

/** Uploads host statistics for a forward pass; release them with {@link releaseStatistics}. */
export function uploadStatistics(kernels: Kernels, host: ReadonlyMap<string, HostStatistics>): StatisticsMap {
  return new Map(
    [...host].map(([name, { mean, variance }]): [string, NormStatistics] => [
      name,
      {
        mean: kernels.upload(Float32Array.from(mean), [mean.length]),
        variance: kernels.upload(Float32Array.from(variance), [variance.length]),
      },
    ]),
  )
}

export function releaseStatistics(kernels: Kernels, statistics: StatisticsMap): void {
  for (const { mean, variance } of statistics.values()) {
    kernels.release(mean)
    kernels.release(variance)
  }
}
