import { malformed, quoted } from './malformed.ts'
import type { StateTensor } from './state-dict.types.ts'

export interface NameOptions {
  /**
   * The names of HRNet's published weights: its one set of fusions per module becomes the set of the fourth step, which makes HRNet the
   * member `hrnet` of the space (method.md 2.2).
   */
  readonly hrnet?: boolean
}

/**
 * Official names of the entries of a state dict (method.md 2.7): a leading `module.` and then a leading `model.` go away, which training
 * on several devices and the wrapper of the reference's loss put there.
 *
 * @throws EngineError if two entries end up with one name.
 */
export function normalizeNames(
  tensors: ReadonlyMap<string, StateTensor>,
  options: NameOptions = {},
): ReadonlyMap<string, StateTensor> {
  const normalized = new Map<string, StateTensor>()
  for (const [name, tensor] of tensors) {
    const official = normalizeName(name, options)
    if (normalized.has(official)) {
      throw malformed(
        'weights',
        `two tensors would be called ${quoted(official)}, one of them is ${quoted(name)}`,
      )
    }
    normalized.set(official, tensor)
  }
  return normalized
}

export function normalizeName(name: string, { hrnet = false }: NameOptions = {}): string {
  const plain = name.replace(/^module\./, '').replace(/^model\./, '')
  return hrnet ? plain.replace('.fuse_layers.', '.fuse_layers_4.') : plain
}

export interface NameComparison {
  /** Wanted but not there, in the order wanted. */
  readonly missing: readonly string[]
  /** There but not known, in the order of the file. */
  readonly unknown: readonly string[]
}

/**
 * @param known - Every name that the super-network has; others are unknown. Counters of norms are neither wanted nor unknown.
 */
export function compareNames(
  tensors: ReadonlyMap<string, StateTensor>,
  wanted: Iterable<string>,
  known: ReadonlySet<string>,
): NameComparison {
  return {
    missing: [...wanted].filter((name) => !isCounter(name) && !tensors.has(name)),
    unknown: [...tensors.keys()].filter((name) => !isCounter(name) && !known.has(name)),
  }
}

function isCounter(name: string): boolean {
  return name.endsWith('.num_batches_tracked')
}
