import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { configSourcesSchema, EngineError, runConfigSchema, toErrorInfo } from '../../contract/index.ts'
import type { ConfigSource, ConfigSources, Preset, RunConfig, TaskKind } from '../../contract/index.ts'
import { listProblems, valueAt } from './schema-problems.ts'

const EVERY_PRESET = '*'
/** Settings that only one task reads. */
const TASK_OF_GROUP: Readonly<Record<string, TaskKind>> = {
  pose: 'pose',
  segmentation: 'segmentation',
  bottomUp: 'bottom-up-pose',
}

/** The dotted path of every key of a run's configuration, optional ones too. A list is one key. */
export const CONFIG_PATHS: readonly string[] = pathsOf(runConfigSchema, '')

/**
 * Reads resources/sources.json.
 * @throws EngineError INTERNAL that names a preset or key that does not exist: the file is part of the program.
 * A key that it forgets is shown as such; a test demands that there is none.
 */
export async function loadConfigSources(file: string, presets: readonly Preset[]): Promise<ConfigSources> {
  const parsed = configSourcesSchema.safeParse(await readJson(file))
  if (!parsed.success) {
    throw new EngineError('INTERNAL', `${file}: ${listProblems(parsed.error).join('; ')}`)
  }
  const names = new Set([EVERY_PRESET, ...presets.map(({ name }) => name)])
  const unknown = parsed.data.families.flatMap((family) => [
    ...family.presets.filter((name) => !names.has(name)).map((name) => `no preset ${name}`),
    ...Object.keys(family.sources)
      .filter((path) => !CONFIG_PATHS.includes(path))
      .map((path) => `no key ${path}`),
  ])
  if (unknown.length > 0) {
    throw new EngineError('INTERNAL', `${file}: ${unknown.join('; ')}`)
  }
  return parsed.data
}

/** What the last family that has the preset and the key says; null if none has. */
export function findSource({ families }: ConfigSources, preset: string, path: string): string | null {
  const known = families.findLast(
    ({ presets, sources }) => path in sources && (presets.includes(preset) || presets.includes(EVERY_PRESET)),
  )
  return known?.sources[path] ?? null
}

export interface SourcedRun {
  readonly config: RunConfig
  /** As they were given at the start; null for a run of before they were kept. */
  readonly overrides: Readonly<Record<string, unknown>> | null
}

/** Every key that a frozen configuration has, with the source of its value. */
export function sourceConfig(
  { config, overrides }: SourcedRun,
  presets: readonly Preset[],
  sources: ConfigSources,
): readonly ConfigSource[] {
  const preset = presets.find(({ name }) => name === config.preset)
  return CONFIG_PATHS.flatMap((path) => {
    const value = valueAt(config, path.split('.'))
    if (value === undefined) {
      return []
    }
    const ofPreset = preset === undefined ? undefined : valueAt(preset.config, path.split('.'))
    const known = findSource(sources, config.preset, path)
    return [{ path, ...explain({ path, value, ofPreset, known, config, overrides }) }]
  })
}

/** Of an imported run: its log says which networks were scored, not how anything was trained. */
export function importedSources(config: RunConfig): readonly ConfigSource[] {
  return CONFIG_PATHS.flatMap((path): readonly ConfigSource[] => {
    const [group] = path.split('.')
    if (valueAt(config, path.split('.')) === undefined) {
      return []
    }
    return group === 'space'
      ? [{ path, kind: 'method', source: 'method.md 2.1 and 3.1: the space of the reference release' }]
      : group === 'task' || group === 'network'
        ? [{ path, kind: 'override', source: 'given with the import' }]
        : group === 'preset'
          ? [{ path, kind: 'ours', source: 'ours: marks a run that another program made' }]
          : [{ path, kind: 'unused', source: 'not recorded in the log; nothing of this run used it' }]
  })
}

interface Key extends SourcedRun {
  readonly path: string
  readonly value: unknown
  readonly ofPreset: unknown
  readonly known: string | null
}

function explain({ path, value, ofPreset, known, config, overrides }: Key): Omit<ConfigSource, 'path'> {
  const isSame = JSON.stringify(value) === JSON.stringify(ofPreset)
  const given = Object.keys(overrides ?? {}).some((key) => path === key || path.startsWith(`${key}.`))
  const unused = describeUnused(path, config)
  const preset =
    ofPreset === undefined
      ? `preset ${config.preset} has none`
      : `preset ${config.preset} has ${JSON.stringify(ofPreset)} (${known ?? 'source unknown'})`
  if (unused !== null) {
    return { kind: 'unused', source: unused }
  }
  if (given) {
    return { kind: 'override', source: `set by the user; ${isSame ? 'so ' : ''}${preset}` }
  }
  if (isSame && known === null) {
    return { kind: 'ours', source: 'ours: the source was not recorded' }
  }
  if (!isSame || known === null) {
    const reason =
      overrides === null ? 'set by the user, or by an earlier version of the preset' : 'an earlier preset'
    return { kind: 'other-preset', source: `${reason}; today ${preset}` }
  }
  return { kind: known.startsWith('ours') ? 'ours' : 'method', source: known }
}

/** Values that this run never reads. */
function describeUnused(path: string, { task, dataset }: RunConfig): string | null {
  const owner = TASK_OF_GROUP[path.split('.')[0] ?? '']
  if (owner !== undefined && owner !== task) {
    return `not used: the task is ${task}`
  }
  const isDrawn = dataset.source === 'drawn'
  return !isDrawn && path.startsWith('dataset.drawn.')
    ? 'not used: the pictures come from a folder'
    : isDrawn && /^dataset\.(path|searchSplit|searchFraction)$/.test(path)
      ? 'not used: the pictures are drawn'
      : null
}

function pathsOf(schema: z.ZodType, path: string): readonly string[] {
  const inner = schema instanceof z.ZodOptional ? schema.unwrap() : schema
  return inner instanceof z.ZodObject
    ? Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([key, value]) =>
        pathsOf(value, path === '' ? key : `${path}.${key}`),
      )
    : [path]
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (thrown) {
    throw new EngineError('INTERNAL', `${file} cannot be read as JSON: ${toErrorInfo(thrown).message}`)
  }
}
