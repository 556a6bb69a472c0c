import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError, EXPORT_PARITY_TOLERANCE, EXPORT_SCORE_TOLERANCE } from '../contract/index.ts'
import type { CandidateDetails, ExportedFile, ModelCard, RunConfig } from '../contract/index.ts'
import { decodeSafetensors, encodeSafetensors } from '../supernet/safetensors.ts'
import type { WeightMap } from '../supernet/weights.ts'
import { listCounters } from '../training/checkpoint.ts'
import { sha256, writeAtomically } from './checkpoint-files.ts'
import { describeModelCard } from './model-card-text.ts'

/** The files of a candidate that was written as a network of its own. */
export const MODEL_FILE = 'model.safetensors'
export const CARD_FILE = 'model-card.json'
const GENOTYPE_FILE = 'genotype.json'
const CARD_TEXT_FILE = 'model-card.md'

interface Source {
  readonly candidate: CandidateDetails
  readonly config: RunConfig
}

/** @returns How many counters of batch norms are in the file beside the tensors. */
export function writeModel(folder: string, weights: WeightMap, source: Source): number {
  const counters = listCounters(weights)
  writeAtomically(join(folder, MODEL_FILE), encodeSafetensors(weights, metadataOf(source), counters))
  return counters.length
}

export async function readModel(folder: string): Promise<WeightMap> {
  return decodeSafetensors(await readFile(join(folder, MODEL_FILE))).tensors
}

/** Genotype and card, for programs and for people; the card comes last, so a folder that has it is complete. */
export function writeDescription(folder: string, card: ModelCard): void {
  writeText(folder, GENOTYPE_FILE, toJson(card.genotype))
  writeText(folder, CARD_TEXT_FILE, describeModelCard(card))
  writeText(folder, CARD_FILE, toJson(card))
}

export async function listNetworkFiles(folder: string): Promise<readonly ExportedFile[]> {
  const files: ExportedFile[] = []
  for (const name of [MODEL_FILE, GENOTYPE_FILE, CARD_FILE, CARD_TEXT_FILE]) {
    const content = await readFile(join(folder, name))
    files.push({ name, bytes: content.length, sha256: sha256(content) })
  }
  return files
}

export function writeText(folder: string, name: string, content: string): void {
  writeAtomically(join(folder, name), new TextEncoder().encode(content))
}

export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

export interface BeforeAndAfter {
  /** Accuracies before and after writing, same images. */
  readonly before: number
  readonly after: number
  /** See `measureParity`. */
  readonly parity: number
  readonly scoreTolerance?: number
  readonly parityTolerance?: number
}

/** @throws EngineError NUMERIC if what was written scores or answers differently (method.md 8.1). */
export function requireSame({
  before,
  after,
  parity,
  scoreTolerance = EXPORT_SCORE_TOLERANCE,
  parityTolerance = EXPORT_PARITY_TOLERANCE,
}: BeforeAndAfter): void {
  if (!(Math.abs(before - after) <= scoreTolerance)) {
    throw new EngineError(
      'NUMERIC',
      `The written network scores ${String(after)}, before writing it was ${String(before)}; ` +
        `at most ${String(scoreTolerance)} apart is allowed. Its file was removed.`,
    )
  }
  if (!(parity <= parityTolerance)) {
    throw new EngineError(
      'NUMERIC',
      `The written network answers differently: ${parity.toExponential(2)} of the largest output; ` +
        `at most ${String(parityTolerance)} is allowed. Its file was removed.`,
    )
  }
}

/** safetensors allows text only; PyTorch's loaders look for `format`. */
function metadataOf({ candidate, config }: Source): Record<string, string> {
  return {
    format: 'pt',
    producer: 'ScaleNAS Studio',
    task: config.task,
    genotypeId: candidate.genotypeId,
    genotype: JSON.stringify(candidate.genotype),
  }
}
