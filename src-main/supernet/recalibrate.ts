import type { BatchStatistics } from '../compute/evaluator.ts'
import { withScope } from '../compute/handle-scope.ts'
import type { Handle, Kernels } from '../compute/kernels.ts'
import type { NormStatistics, Value } from '../compute/network-ops.ts'
import type { BatchNormNode, NetworkPlan, ValueId } from '../nas/network-plan.types.ts'
import type { SharedPlan } from '../nas/shared-plan.ts'
import type { ValueExchange } from './execute-shared.ts'
import type { EvaluationSession } from './supernet.ts'

/** Recalibrated statistics on the host; all arrays have one value per channel. */
export interface HostStatistics {
  readonly mean: Float64Array
  readonly variance: Float64Array
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
  const sums = new StatisticsSums<string>(kernels)
  for (const batch of batches) {
    const { outputs } = session.forwardCollecting(plan, batch, (name, statistics) => {
      sums.take(name, statistics)
    })
    for (const { handle } of outputs) {
      kernels.release(handle)
    }
  }
  return sums.average()
}

/**
 * The same for several plans at once, by the norms of their shared graph.
 *
 * @param pass - Awaited for each batch, in order; calls `run` once with what outlives the pass, and may throw to end the work.
 */
export async function measureSharedStatistics(
  kernels: Kernels,
  session: EvaluationSession,
  shared: SharedPlan,
  batches: readonly Value[],
  pass: (run: (exchange: ValueExchange) => Promise<void>) => Promise<void>,
): Promise<ReadonlyMap<ValueId, HostStatistics>> {
  const sums = new StatisticsSums<ValueId>(kernels)
  const take = (norm: BatchNormNode, statistics: BatchStatistics): void => {
    sums.take(norm.output, statistics)
  }
  for (const batch of batches) {
    await pass((exchange) => {
      session.collectShared(shared, batch, take, exchange)
      return Promise.resolve()
    })
  }
  return sums.average()
}

interface RunningSum {
  readonly mean: Float64Array
  readonly variance: Float64Array
  images: number
}

/** Averages of batch statistics over batches, by norm. */
class StatisticsSums<Key> {
  readonly #kernels: Kernels
  readonly #sums = new Map<Key, RunningSum>()

  constructor(kernels: Kernels) {
    this.#kernels = kernels
  }

  /** Takes the handles over. */
  take(key: Key, { mean, unbiasedVariance, images, positions }: BatchStatistics): void {
    try {
      // One position has no unbiased variance; its biased variance is 0.
      const toBiased = positions > 1 ? (positions - 1) / positions : 0
      const [means, unbiased] = [mean, unbiasedVariance].map((handle) => this.#kernels.downloadSync(handle))
      if (means !== undefined && unbiased !== undefined) {
        this.#add(key, means, unbiased, toBiased, images)
      }
    } finally {
      this.#kernels.release(mean)
      this.#kernels.release(unbiasedVariance)
    }
  }

  average(): ReadonlyMap<Key, HostStatistics> {
    return new Map(
      [...this.#sums].map(([key, { mean, variance, images }]) => [
        key,
        { mean: mean.map((v) => v / images), variance: variance.map((v) => v / images) },
      ]),
    )
  }

  #add(key: Key, mean: Float32Array, unbiased: Float32Array, toBiased: number, images: number): void {
    let sum = this.#sums.get(key)
    if (sum === undefined) {
      sum = { mean: new Float64Array(mean.length), variance: new Float64Array(mean.length), images: 0 }
      this.#sums.set(key, sum)
    }
    sum.images += images
    for (let c = 0; c < mean.length; c++) {
      const spread = toBiased === 0 ? 0 : (unbiased[c] ?? 0) * toBiased
      sum.mean[c] = (sum.mean[c] ?? 0) + images * (mean[c] ?? 0)
      sum.variance[c] = (sum.variance[c] ?? 0) + images * spread
    }
  }
}

/** Uploads host statistics for a forward pass; release them with {@link releaseStatistics}. */
export function uploadStatistics<Key>(
  kernels: Kernels,
  host: ReadonlyMap<Key, HostStatistics>,
): ReadonlyMap<Key, NormStatistics> {
  return withScope(kernels, (scope) => {
    const upload = (values: Float64Array): Handle =>
      scope.own(kernels.upload(Float32Array.from(values), [values.length]))
    const uploaded = [...host].map(([key, { mean, variance }]): [Key, NormStatistics] => [
      key,
      { mean: upload(mean), variance: upload(variance) },
    ])
    for (const [, { mean, variance }] of uploaded) {
      scope.keep(mean)
      scope.keep(variance)
    }
    return new Map(uploaded)
  })
}

export function releaseStatistics(kernels: Kernels, statistics: ReadonlyMap<unknown, NormStatistics>): void {
  for (const { mean, variance } of statistics.values()) {
    kernels.release(mean)
    kernels.release(variance)
  }
}
