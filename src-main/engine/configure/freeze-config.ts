import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { EngineError, runConfigSchema } from '../../contract/index.ts'
import type { Preset, RunConfig, RunRequest } from '../../contract/index.ts'
import { findPreset } from './presets.ts'
import { listProblems } from './schema-problems.ts'

/**
 * The full configuration of a request: the preset with the overrides laid over it, every field checked.
 * @throws EngineError BAD_REQUEST with each wrong field and what is allowed there.
 */
export function freezeConfig(
  presets: readonly Preset[],
  request: Pick<RunRequest, 'preset' | 'overrides'>,
): RunConfig {
  const preset = findPreset(presets, request.preset)
  const draft: unknown = structuredClone(preset.config)
  for (const [path, value] of Object.entries(request.overrides)) {
    setAt(draft, path, value)
  }
  const parsed = runConfigSchema.safeParse(draft)
  if (!parsed.success) {
    const problems = listProblems(parsed.error, draft)
    throw new EngineError('BAD_REQUEST', problems.join('; '), problems)
  }
  checkDataset(parsed.data)
  checkStartWeights(parsed.data)
  return parsed.data
}

/** The keys that `schema` allows at a dotted path; null when the path leads to no object. */
export function listAllowedKeys(path: readonly string[]): readonly string[] | null {
  const schema = schemaAt(path)
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : null
}

function setAt(draft: unknown, dottedPath: string, value: unknown): void {
  const path = dottedPath.split('.')
  let target = draft
  for (const [depth, key] of path.entries()) {
    const allowed = listAllowedKeys(path.slice(0, depth))
    if (allowed?.includes(key) !== true || dottedPath === 'preset') {
      throw unknownKeyError(dottedPath, path.slice(0, depth), allowed)
    }
    if (typeof target !== 'object' || target === null) {
      throw unknownKeyError(dottedPath, path.slice(0, depth), allowed)
    }
    const record = target as Record<string, unknown>
    if (depth === path.length - 1) {
      record[key] = value
      return
    }
    target = record[key]
  }
}

function unknownKeyError(
  dottedPath: string,
  parent: readonly string[],
  allowed: readonly string[] | null,
): EngineError {
  const where = parent.length === 0 ? 'the configuration' : `"${parent.join('.')}"`
  const choice = (allowed ?? []).filter((key) => !(parent.length === 0 && key === 'preset')).join(', ')
  const help = choice === '' ? `${where} has no fields of its own` : `${where} has: ${choice}`
  return new EngineError('BAD_REQUEST', `"${dottedPath}" is no field of a run; ${help}.`)
}

function schemaAt(path: readonly string[]): unknown {
  let schema: unknown = runConfigSchema
  for (const key of path) {
    if (!(schema instanceof z.ZodObject)) {
      return null
    }
    schema = withoutOptional((schema.shape as Record<string, unknown>)[key])
  }
  return schema
}

/** Settings that some tasks lack have fields of their own all the same. */
function withoutOptional(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? schema.unwrap() : schema
}

function checkStartWeights({ teacher: { startWeights } }: RunConfig): void {
  if (startWeights !== undefined && !isAbsolute(startWeights)) {
    throw new EngineError(
      'BAD_REQUEST',
      `teacher.startWeights: must be an absolute path, got "${startWeights}" (--start-weights FILE takes any).`,
    )
  }
}

function checkDataset({ preset, dataset }: RunConfig): void {
  if (dataset.source === 'drawn') {
    return
  }
  if (dataset.path === undefined) {
    throw new EngineError(
      'BAD_REQUEST',
      `dataset.path: preset ${preset} works on a dataset of source "${dataset.source}" and needs the folder it lies in (--dataset DIR).`,
    )
  }
  if (!isAbsolute(dataset.path)) {
    throw new EngineError('BAD_REQUEST', `dataset.path: must be an absolute folder, got "${dataset.path}".`)
  }
  if (dataset.detections !== undefined && !isAbsolute(dataset.detections)) {
    throw new EngineError(
      'BAD_REQUEST',
      `dataset.detections: must be an absolute path, got "${dataset.detections}".`,
    )
  }
}
