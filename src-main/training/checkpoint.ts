import { decodeSafetensors, encodeSafetensors } from '../supernet/safetensors.ts'
import type { HostTensor, WeightMap } from '../supernet/weights.ts'
import type { ParameterState } from './optimizer.ts'

export interface CheckpointFacts {
  readonly phase: 'teacher' | 'supernet'
  /** Finished optimizer updates. */
  readonly iteration: number
  readonly totalIterations: number
}

/**
 * Weights as a PyTorch state dict under the official names: `safetensors.torch.load_file` opens it in one line. The counters that
 * PyTorch's batch norms keep are there as zeros, so a strict load passes.
 */
export function encodeWeights(weights: WeightMap, facts: CheckpointFacts): Uint8Array {
  return encodeSafetensors(weights, factsToMetadata(facts), listCounters(weights))
}

/** Names of the counters that PyTorch's batch norms keep beside these weights. */
export function listCounters(weights: WeightMap): readonly string[] {
  return [...weights.keys()]
    .filter((name) => name.endsWith('.running_mean'))
    .map((name) => name.replace(/running_mean$/, 'num_batches_tracked'))
}

/** Optimizer state beside it, in a file of its own so that the weights file stays a plain state dict. */
export function encodeOptimizer(
  states: ReadonlyMap<string, ParameterState>,
  facts: CheckpointFacts,
): Uint8Array {
  const tensors = new Map<string, HostTensor>()
  const updates: Record<string, number> = {}
  for (const [name, state] of states) {
    updates[name] = state.updates
    state.slots.forEach((values, slot) => tensors.set(`${name}/${slot}`, { shape: [values.length], values }))
  }
  return encodeSafetensors(tensors, { ...factsToMetadata(facts), updates: JSON.stringify(updates) })
}

/** @throws RangeError if the file is damaged. */
export function decodeWeights(file: Uint8Array): { weights: WeightMap; facts: CheckpointFacts } {
  const { tensors, metadata } = decodeSafetensors(file)
  return { weights: tensors, facts: factsFromMetadata(metadata) }
}

/** @throws RangeError if the file is damaged. */
export function decodeOptimizer(file: Uint8Array): {
  states: ReadonlyMap<string, ParameterState>
  facts: CheckpointFacts
} {
  const { tensors, metadata } = decodeSafetensors(file)
  const updates = readUpdates(metadata['updates'] ?? '{}')
  const states = new Map<string, ParameterState>()
  for (const [name, count] of Object.entries(updates)) {
    const slots: Float32Array[] = []
    for (let slot = 0; tensors.has(`${name}/${slot}`); slot++) {
      const tensor = tensors.get(`${name}/${slot}`)
      if (tensor !== undefined) {
        slots.push(tensor.values)
      }
    }
    states.set(name, { slots, updates: count })
  }
  return { states, facts: factsFromMetadata(metadata) }
}

function readUpdates(text: string): Record<string, number> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = null
  }
  const isCounts =
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((count) => Number.isInteger(count))
  if (!isCounts) {
    throw new RangeError('this optimizer file does not say how many updates each parameter had')
  }
  return value as Record<string, number>
}

function factsToMetadata({ phase, iteration, totalIterations }: CheckpointFacts): Record<string, string> {
  return { format: 'pt', phase, iteration: String(iteration), totalIterations: String(totalIterations) }
}

function factsFromMetadata(metadata: Readonly<Record<string, string>>): CheckpointFacts {
  const { phase, iteration, totalIterations } = metadata
  if ((phase !== 'teacher' && phase !== 'supernet') || iteration === undefined) {
    throw new RangeError(
      'this safetensors file is not a checkpoint of a run: it names no phase and iteration',
    )
  }
  return { phase, iteration: Number(iteration), totalIterations: Number(totalIterations) }
}
