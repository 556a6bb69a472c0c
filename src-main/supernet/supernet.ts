import { Evaluator } from '../compute/evaluator.ts'
import type { BatchStatistics, EvaluatorSource, StatisticsSink } from '../compute/evaluator.ts'
import type { Handle, Kernels, Variable } from '../compute/kernels.ts'
import type { NormStatistics, ParameterRef, Value } from '../compute/network-ops.ts'
import type { Tape, TapeSource } from '../compute/tape.ts'
import { supernetParameters } from '../nas/network-plan.ts'
import type {
  BatchNormNode,
  NetworkPlan,
  NetworkShape,
  ParameterSpec,
  ValueId,
} from '../nas/network-plan.types.ts'
import type { SearchSpace } from '../nas/search-space.ts'
import type { SharedPlan } from '../nas/shared-plan.ts'
import { executePlan } from './execute-plan.ts'
import type { Execution } from './execute-plan.ts'
import { executeShared } from './execute-shared.ts'
import type { SharedOutput, ValueExchange } from './execute-shared.ts'
import { deviceShape, fromDeviceLayout, toDeviceLayout } from './weights.ts'
import type { HostTensor, WeightMap } from './weights.ts'

/** A trainable tensor of the super-network on the device. */
export interface SupernetParameter extends ParameterRef {
  readonly spec: ParameterSpec
  readonly variable: Variable
}

/** Batch-norm statistics by norm name. */
export type StatisticsMap = ReadonlyMap<string, NormStatistics>

/**
 * The shared weights of every sub-network, on the device (method.md 2). Sub-networks are network plans; they read and train
 * the tensors that they name and leave all others alone.
 */
export class Supernet {
  readonly kernels: Kernels
  readonly space: SearchSpace
  readonly shape: NetworkShape
  readonly #parameters = new Map<string, SupernetParameter>()
  readonly #statistics = new Map<string, NormStatistics>()
  readonly #specs: readonly ParameterSpec[]

  /**
   * @param specs - Its tensors; those of a stand-alone sub-network are fewer than those of the whole space.
   * @throws Error listing every tensor that `weights` lacks or holds in another shape.
   */
  constructor(
    kernels: Kernels,
    space: SearchSpace,
    shape: NetworkShape,
    weights: WeightMap,
    specs: readonly ParameterSpec[] = supernetParameters(space, shape),
  ) {
    this.kernels = kernels
    this.space = space
    this.shape = shape
    this.#specs = specs
    checkWeights(this.#specs, weights)
    for (const spec of this.#specs) {
      const tensor = requireTensor(weights, spec.name)
      if (spec.kind === 'running-mean') {
        const norm = spec.name.slice(0, -'.running_mean'.length)
        const variance = requireTensor(weights, `${norm}.running_var`)
        this.#statistics.set(norm, {
          mean: kernels.upload(tensor.values, spec.shape),
          variance: kernels.upload(variance.values, spec.shape),
        })
      } else if (spec.kind !== 'running-var') {
        const onDevice = deviceShape(spec)
        const variable = kernels.createVariable(toDeviceLayout(tensor), onDevice)
        this.#parameters.set(spec.name, { name: spec.name, shape: onDevice, spec, variable })
      }
    }
  }

  parameter = (name: string): SupernetParameter => {
    const parameter = this.#parameters.get(name)
    if (parameter === undefined) {
      throw new RangeError(`the super-network has no parameter ${name}`)
    }
    return parameter
  }

  parameters(): Iterable<SupernetParameter> {
    return this.#parameters.values()
  }

  /** What a tape needs to train: fresh reads that the tape releases, running statistics that move. */
  trainingSource(): TapeSource {
    return {
      readParameter: (parameter) => this.kernels.readVariable(this.parameter(parameter.name).variable),
      normParameters: this.#normParameters,
      statistics: (name) => this.#statisticsOf(name),
      replaceStatistics: (name, statistics) => {
        const old = this.#statisticsOf(name)
        this.kernels.release(old.mean)
        this.kernels.release(old.variance)
        this.#statistics.set(name, statistics)
      },
    }
  }

  /** Forward on a tape: batch statistics, running values move with the momenta of method.md 2.4. */
  forwardTraining(plan: NetworkPlan, tape: Tape, input: Value): readonly Value[] {
    return executePlan({ plan, ops: tape, input, parameter: this.parameter, momentumOf: this.#momentumOf })
      .outputs
  }

  /** Opens a session in which parameters are read once; close it before the next update of the weights. */
  openEvaluation(): EvaluationSession {
    return new EvaluationSession(this, this.#statistics, this.#normParameters)
  }

  /** Everything, or the tensors asked for, under the official names and in PyTorch layout. */
  async weights(wanted: readonly ParameterSpec[] = this.#specs): Promise<WeightMap> {
    const tensors = new Map<string, HostTensor>()
    for (const spec of wanted) {
      tensors.set(spec.name, { shape: spec.shape, values: await this.#downloadSpec(spec) })
    }
    return tensors
  }

  dispose(): void {
    for (const parameter of this.#parameters.values()) {
      this.kernels.releaseVariable(parameter.variable)
    }
    for (const { mean, variance } of this.#statistics.values()) {
      this.kernels.release(mean)
      this.kernels.release(variance)
    }
    this.#parameters.clear()
    this.#statistics.clear()
  }

  #normParameters = (name: string): { gamma: ParameterRef; beta: ParameterRef } => ({
    gamma: this.parameter(`${name}.weight`),
    beta: this.parameter(`${name}.bias`),
  })

  #momentumOf = (node: BatchNormNode): number => batchNormMomentum(this.shape.task, node.isUpFusion)

  #statisticsOf(name: string): NormStatistics {
    const statistics = this.#statistics.get(name)
    if (statistics === undefined) {
      throw new RangeError(`the super-network has no batch norm ${name}`)
    }
    return statistics
  }

  async #downloadSpec(spec: ParameterSpec): Promise<Float32Array> {
    if (spec.kind === 'running-mean' || spec.kind === 'running-var') {
      const { mean, variance } = this.#statisticsOf(spec.name.replace(/\.running_(mean|var)$/, ''))
      return this.kernels.download(spec.kind === 'running-mean' ? mean : variance)
    }
    const handle = this.kernels.readVariable(this.parameter(spec.name).variable)
    try {
      return fromDeviceLayout(await this.kernels.download(handle), spec.shape)
    } finally {
      this.kernels.release(handle)
    }
  }
}

/** Weight of the new value in the running statistics (method.md 2.4). */
export function batchNormMomentum(task: NetworkShape['task'], isUpFusion: boolean): number {
  return task !== 'segmentation' || isUpFusion ? 0.1 : 0.01
}

/** Forward passes without gradients; parameters are read once and kept until `close`. */
export class EvaluationSession {
  readonly #supernet: Supernet
  readonly #running: StatisticsMap
  readonly #normParameters: EvaluatorSource['normParameters']
  readonly #reads = new Map<string, Handle>()

  constructor(supernet: Supernet, running: StatisticsMap, normParameters: EvaluatorSource['normParameters']) {
    this.#supernet = supernet
    this.#running = running
    this.#normParameters = normParameters
  }

  /**
   * Inference with the given statistics, or the super-network's running ones.
   * The caller releases the outputs (and the kept values).
   */
  forward(
    plan: NetworkPlan,
    input: Value,
    statistics?: StatisticsMap,
    keep?: ReadonlySet<ValueId>,
  ): Execution {
    return this.#execute(plan, input, statistics ?? this.#running, null, keep)
  }

  /** Forward with each norm's own batch statistics, which go to `sink`. Nothing in the super-network changes. */
  forwardCollecting(plan: NetworkPlan, input: Value, sink: StatisticsSink): Execution {
    return this.#execute(plan, input, this.#running, sink)
  }

  /** Inference of several plans at once, each norm of the shared graph with statistics of its own. */
  forwardShared(
    shared: SharedPlan,
    inputs: readonly Value[],
    statisticsOf: (norm: BatchNormNode) => NormStatistics,
    exchange?: ValueExchange,
  ): Generator<SharedOutput, void, void> {
    const ops = this.#openEvaluator(this.#running, null)
    return executeShared({
      ...{ shared, ops, inputs, parameter: this.#supernet.parameter },
      ...(exchange === undefined ? {} : { exchange }),
      normalise: (node, x) => ops.normalise(x, node.name, node.relu, statisticsOf(node)),
    })
  }

  /** Forward of several plans at once, each norm with its own batch statistics, which go to `take`. */
  collectShared(
    shared: SharedPlan,
    input: Value,
    take: (norm: BatchNormNode, batch: BatchStatistics) => void,
    exchange?: ValueExchange,
  ): void {
    const ops = this.#openEvaluator(this.#running, null)
    const execution = executeShared({
      ...{ shared, ops, inputs: [input], parameter: this.#supernet.parameter },
      ...(exchange === undefined ? {} : { exchange }),
      normalise: (node, x) =>
        ops.normaliseByBatch(x, node.name, node.relu, (batch) => {
          take(node, batch)
        }),
    })
    // The outputs are not wanted; going on releases them.
    let step = execution.next()
    while (step.done !== true) {
      step = execution.next()
    }
  }

  close(): void {
    for (const handle of this.#reads.values()) {
      this.#supernet.kernels.release(handle)
    }
    this.#reads.clear()
  }

  #execute(
    plan: NetworkPlan,
    input: Value,
    statistics: StatisticsMap,
    sink: StatisticsSink | null,
    keep?: ReadonlySet<ValueId>,
  ): Execution {
    const ops = this.#openEvaluator(statistics, sink)
    const momentumOf = (): number => 1
    return executePlan({
      plan,
      ops,
      input,
      parameter: this.#supernet.parameter,
      momentumOf,
      ...(keep === undefined ? {} : { keep }),
    })
  }

  #openEvaluator(statistics: StatisticsMap, sink: StatisticsSink | null): Evaluator {
    const source: EvaluatorSource = {
      readParameter: (parameter) => this.#read(parameter.name),
      normParameters: this.#normParameters,
      statistics: (name) => {
        const found = statistics.get(name)
        if (found === undefined) {
          throw new RangeError(`no statistics for batch norm ${name}`)
        }
        return found
      },
    }
    return new Evaluator(this.#supernet.kernels, source, sink)
  }

  #read(name: string): Handle {
    let handle = this.#reads.get(name)
    if (handle === undefined) {
      handle = this.#supernet.kernels.readVariable(this.#supernet.parameter(name).variable)
      this.#reads.set(name, handle)
    }
    return handle
  }
}

function requireTensor(weights: WeightMap, name: string): HostTensor {
  const tensor = weights.get(name)
  if (tensor === undefined) {
    throw new RangeError(`the weights lack ${name}`)
  }
  return tensor
}

const MOST_NAMES_LISTED = 5

/** @throws RangeError listing the tensors that are missing or have another shape. */
export function checkWeights(specs: readonly ParameterSpec[], weights: WeightMap): void {
  const problems = specs.flatMap((spec) => {
    const tensor = weights.get(spec.name)
    if (tensor === undefined) {
      return [`${spec.name} is missing`]
    }
    return tensor.shape.join() === spec.shape.join()
      ? []
      : [`${spec.name} is [${tensor.shape.join(', ')}], expected [${spec.shape.join(', ')}]`]
  })
  if (problems.length > 0) {
    const listed = problems.slice(0, MOST_NAMES_LISTED).join('; ')
    const more = problems.length > MOST_NAMES_LISTED ? ` and ${problems.length - MOST_NAMES_LISTED} more` : ''
    throw new RangeError(`these weights do not fit the super-network: ${listed}${more}`)
  }
}
