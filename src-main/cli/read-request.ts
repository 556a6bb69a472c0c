import { randomInt } from 'node:crypto'
import { resolve } from 'node:path'
import { EngineError } from '../contract/index.ts'
import type { Preset, RunRequest } from '../contract/index.ts'
import type { EngineServices } from '../engine/services/engine-services.ts'
import { MOST_SMALL_BYTES, readForeignJson } from '../files/foreign-text.ts'
import { displayName, integer, requireText, text, texts } from './command-line.ts'
import type { CommandArgs } from './command-line.ts'

const ID_ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789'
const ID_LENGTH = 8
const LARGEST_SEED = 2 ** 31 - 1

type Overrides = RunRequest['overrides']
type Json = Overrides[string]

/**
 * What `run` asks the engine for: a preset or a file, with --dataset, --detections, --start-weights, --seed and --set laid over it in
 * this order.
 */
export async function readRequest(args: CommandArgs, services: EngineServices): Promise<RunRequest> {
  const presets = await services.presets.list()
  const source = requireText(args, 'preset')
  const base = source.endsWith('.json')
    ? await readFileRequest(source, presets)
    : { preset: source, overrides: {} }
  const seed = integer(args, 'seed', { min: 0, max: LARGEST_SEED })
  const dataset = text(args, 'dataset')
  const detections = text(args, 'detections')
  const startWeights = text(args, 'start-weights')
  return {
    id: newRunId(),
    name: displayName(args, 'name') ?? base.preset,
    preset: base.preset,
    overrides: {
      ...base.overrides,
      ...(dataset === undefined ? {} : await readDataset(dataset, services)),
      ...(detections === undefined ? {} : { 'dataset.detections': resolve(detections) }),
      ...(startWeights === undefined ? {} : { 'teacher.startWeights': resolve(startWeights) }),
      ...(seed === undefined ? {} : { seed }),
      ...Object.fromEntries(texts(args, 'set').map(readSetting)),
    },
  }
}

export function newRunId(): string {
  const letters = Array.from({ length: ID_LENGTH }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)])
  return `r-${letters.join('')}`
}

/** "search.generations=3": the value is JSON where it parses as such, else text. */
export function readSetting(setting: string): readonly [path: string, value: Json] {
  const split = setting.indexOf('=')
  if (split <= 0) {
    throw new EngineError(
      'BAD_REQUEST',
      `--set takes KEY=VALUE, for example search.generations=3; got "${setting}".`,
    )
  }
  return [setting.slice(0, split), toValue(setting.slice(split + 1))]
}

function toValue(given: string): Json {
  try {
    return JSON.parse(given) as Json
  } catch {
    // No JSON: a bare word is meant as text.
    return given
  }
}

/** The folder decides which kind of dataset it is; an unusable one is refused here, before a run exists. */
async function readDataset(folder: string, services: EngineServices): Promise<Overrides> {
  const facts = await services.datasets.inspect({ path: resolve(folder), format: null })
  return { 'dataset.source': facts.format, 'dataset.path': facts.path ?? resolve(folder) }
}

interface FileRequest {
  readonly preset: string
  readonly overrides: Overrides
}

/**
 * Three forms of FILE.json: a request `{ preset, overrides }`, a preset `{ name, config }`, or a bare configuration, as `show --json`
 * prints it. A configuration names the preset it comes from; all its fields are laid over that.
 */
async function readFileRequest(file: string, presets: readonly Preset[]): Promise<FileRequest> {
  const value = await readJson(file)
  if ('overrides' in value && typeof value['preset'] === 'string' && isRecord(value['overrides'])) {
    return { preset: value['preset'], overrides: value['overrides'] as Overrides }
  }
  const config = isRecord(value['config']) ? value['config'] : value
  const { preset, ...fields } = config
  const task = fields['task']
  const base =
    presets.find(({ name }) => name === preset) ?? presets.find((candidate) => candidate.config.task === task)
  if (base === undefined) {
    throw new EngineError(
      'BAD_REQUEST',
      `${file} is no run: it needs "preset" (one of ${presets.map(({ name }) => name).join(', ')}) with "overrides", or a whole configuration.`,
    )
  }
  return { preset: base.name, overrides: fields as Overrides }
}

async function readJson(file: string): Promise<Record<string, unknown>> {
  const value = await readForeignJson(file, { mostBytes: MOST_SMALL_BYTES })
  if (isRecord(value)) {
    return value
  }
  throw new EngineError('BAD_REQUEST', `${file} must hold a JSON object.`)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
