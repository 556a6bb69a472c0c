import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError, presetSchema } from '../../contract/index.ts'
import type { Preset } from '../../contract/index.ts'
import { MOST_SMALL_BYTES, readForeignJson } from '../../files/foreign-text.ts'
import { listProblems } from './schema-problems.ts'

/**
 * Reads resources/presets/*.json.
 * @throws EngineError BAD_REQUEST that names file and field: ours are tested, so a bad one is somebody's own.
 */
export async function loadPresets(folder: string): Promise<readonly Preset[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).toSorted()
  return Promise.all(files.map((file) => loadPreset(join(folder, file))))
}

export function findPreset(presets: readonly Preset[], name: string): Preset {
  const preset = presets.find((candidate) => candidate.name === name)
  if (preset === undefined) {
    const allowed = presets.map((candidate) => candidate.name).join(', ')
    throw new EngineError('BAD_REQUEST', `There is no preset "${name}". Presets: ${allowed}.`)
  }
  return preset
}

async function loadPreset(file: string): Promise<Preset> {
  const name = `Preset ${file}`
  const parsed = presetSchema.safeParse(await readForeignJson(file, { name, mostBytes: MOST_SMALL_BYTES }))
  if (!parsed.success) {
    throw new EngineError('BAD_REQUEST', `${name}: ${listProblems(parsed.error).join('; ')}`)
  }
  return parsed.data
}
