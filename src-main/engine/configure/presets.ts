import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError, presetSchema } from '../../contract/index.ts'
import type { Preset } from '../../contract/index.ts'
import { listProblems } from './schema-problems.ts'

/**
 * Reads resources/presets/*.json.
 * @throws EngineError INTERNAL that names file and field: presets are part of the program, a bad one is our defect.
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
  const parsed = presetSchema.safeParse(parseJson(file, await readFile(file, 'utf8')))
  if (!parsed.success) {
    throw new EngineError('INTERNAL', `Preset ${file}: ${listProblems(parsed.error).join('; ')}`)
  }
  return parsed.data
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (thrown) {
    throw new EngineError('INTERNAL', `Preset ${file} is no JSON: ${String(thrown)}`)
  }
}
