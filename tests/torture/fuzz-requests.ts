import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TRPCError } from '@trpc/server'
import { inspectCommand } from '../../src-main/cli/commands/inspect.ts'
import { readRequest } from '../../src-main/cli/read-request.ts'
import { runCommandLine } from '../../src-main/cli/run-command-line.ts'
import {
  EngineError,
  genotypeFileSchema,
  presetSchema,
  procedureInputs,
} from '../../src-main/contract/index.ts'
import type { CommandContext } from '../../src-main/cli/command-line.ts'
import { freezeConfig } from '../../src-main/engine/configure/freeze-config.ts'
import { listProblems } from '../../src-main/engine/configure/schema-problems.ts'
import { countOutputs, listSetupProblems } from '../../src-main/engine/configure/search-setup.ts'
import { appRouter } from '../../src-main/engine/routers/app-router.ts'
import type { EngineServices } from '../../src-main/engine/services/engine-services.ts'
import { decodeText, parseForeignJson } from '../../src-main/files/foreign-text.ts'
import { toGenotypeJson } from '../../src-main/nas/genotype.ts'
import { hrnetGenotype, largestGenotype } from '../../src-main/nas/named-genotypes.ts'
import { toOfficialMask } from '../../src-main/nas/official-mask.ts'
import { officialSpace } from '../../src-main/nas/search-space.ts'
import { readPresets } from '../support/engine-core.ts'
import { jsonReader } from './fuzz-json.ts'
import type { FuzzReader } from './fuzz-reader.ts'

const space = officialSpace('pose')
const GENOTYPES = [largestGenotype(space), hrnetGenotype(space)]
const OVERRIDES = {
  ...{ seed: 3, 'search.generations': 3, 'search.initial': 20, 'dataset.path': '/data/x' },
  ...{
    'space.layout': [
      [2, 1],
      [3, 2],
    ],
    'network.inputHeight': 64,
    'dataset.source': 'coco',
  },
  ...{ 'teacher.optimizer.dropAt': [0.5, 0.9], 'pose.metric': 'ap', 'search.maxMacs': null },
}
const REQUEST = { id: 'r-abcdefgh', name: 'a run', preset: 'micro-pose', overrides: OVERRIDES }

/** The command line answers 0 or 2; 1 would be an error that nobody foresaw. */
async function inspectFile(folder: string, bytes: Buffer): Promise<void> {
  const file = join(folder, 'genotype.json')
  await writeFile(file, bytes)
  const told: string[] = []
  const context = {
    terminal: { out: () => undefined, err: (text: string) => told.push(text), isInteractive: false },
  }
  const code = await runCommandLine(
    { inspect: inspectCommand },
    ['inspect', file, '--task', 'pose', '--json'],
    context as unknown as CommandContext,
  )
  if (code === 2) {
    throw new EngineError('BAD_REQUEST', told.join('; '))
  }
  if (code !== 0) {
    throw new TypeError(told.join('; '))
  }
}

/** Every remote call with an input, valid but for the damage; the services answer nothing. */
const CALLS = [
  ...['runs.start', 'runs.preflight', 'runs.estimate'].map((call) => ({ call, input: REQUEST })),
  { call: 'runs.rename', input: { id: 'r-abcdefgh', name: 'a run' } },
  { call: 'runs.metrics', input: { id: 'r-abcdefgh', sinceIteration: 5, maxPoints: 100 } },
  { call: 'runs.log', input: { id: 'r-abcdefgh', limit: 5 } },
  { call: 'runs.import', input: importRequest() },
  { call: 'datasets.add', input: { path: '/data/x', format: 'coco', name: 'x' } },
  { call: 'datasets.inspect', input: { path: '/data/x', format: null } },
  { call: 'candidates.intervals', input: { runId: 'r-abcdefgh', split: 'search' } },
  { call: 'candidates.predict', input: { id: 'r-abcdefgh:1', sampleIds: ['a', 'b'] } },
  { call: 'candidates.export', input: { id: 'r-abcdefgh:1', format: 'safetensors', dropsDeadLayers: true } },
  { call: 'candidates.fineTune', input: { id: 'r-abcdefgh:1', epochs: 3 } },
  {
    call: 'pictures.predict',
    input: { candidateId: 'r-abcdefgh:1', pictureId: '0123456789ab', box: [1, 2, 3, 4] },
  },
  { call: 'system.calibrate', input: { networks: ['micro-pose'] } },
]

function importRequest() {
  const network = {
    baseWidth: 32,
    stemChannels: 64,
    layer1Blocks: 4,
    layer1Planes: 64,
    inputHeight: 256,
    inputWidth: 192,
  }
  return {
    ...{ name: 'log', task: 'pose', log: '/data/log', network, outputs: 17, unscored: ['a'], leftOut: ['b'] },
    candidates: [{ name: 'mask_0', genotypeKey: 'v1;2:22:1111', accuracy: 0.5, warnings: ['c'] }],
  }
}

const SILENT_SERVICES = new Proxy(
  {},
  { get: () => new Proxy({}, { get: () => () => Promise.resolve(null) }) },
) as EngineServices

async function callRemote(document: unknown): Promise<void> {
  const { call, input } = (document ?? {}) as { call?: unknown; input?: unknown }
  if (typeof call !== 'string' || !Object.hasOwn(procedureInputs, call)) {
    throw new EngineError('BAD_REQUEST', 'there is no such call')
  }
  const [noun = '', verb = ''] = call.split('.')
  const caller = appRouter.createCaller({ services: SILENT_SERVICES }) as unknown as Record<
    string,
    Record<string, (input: unknown) => Promise<unknown>>
  >
  await caller[noun]?.[verb]?.(input)
}

export const REQUEST_READERS: readonly FuzzReader[] = [
  jsonReader(
    'genotype file',
    6,
    GENOTYPES.map((one) => toGenotypeJson(space, 32, one)),
    (folder) => (bytes) => inspectFile(folder, bytes),
  ),
  jsonReader(
    'official mask',
    4,
    GENOTYPES.map((one) => toOfficialMask(space, one)),
    (folder) => (bytes) => inspectFile(folder, bytes),
  ),
  jsonReader('configuration', 4, [OVERRIDES], async () => {
    const presets = await readPresets()
    return (bytes) => {
      const overrides = parseForeignJson(decodeText(bytes))
      const config = freezeConfig(presets, {
        preset: 'micro-pose',
        overrides: Object(overrides) as typeof OVERRIDES,
      })
      return listSetupProblems(config, countOutputs(config, null))
    }
  }),
  jsonReader('preset', 3, await readPresets().then((presets) => presets.slice(0, 2)), () => (bytes) => {
    const value = parseForeignJson(decodeText(bytes))
    const parsed = presetSchema.safeParse(value)
    if (!parsed.success) {
      throw new EngineError('BAD_REQUEST', listProblems(parsed.error, value).join('; '))
    }
  }),
  jsonReader(
    'run request',
    4,
    [REQUEST, { config: { preset: 'micro-pose', ...OVERRIDES } }],
    async (folder) => {
      const presets = await readPresets()
      const services = { presets: { list: () => Promise.resolve(presets) } } as unknown as EngineServices
      return async (bytes) => {
        const file = join(folder, 'request.json')
        await writeFile(file, bytes)
        return freezeConfig(presets, await readRequest({ preset: file }, services))
      }
    },
    undefined,
  ),
  jsonReader(
    'remote call',
    6,
    CALLS,
    () => (bytes) => callRemote(parseForeignJson(decodeText(bytes))),
    (error) => error instanceof TRPCError && error.code === 'BAD_REQUEST',
  ),
  jsonReader('genotype outline', 2, [toGenotypeJson(space, 32, hrnetGenotype(space))], () => (bytes) => {
    const value = parseForeignJson(decodeText(bytes))
    const parsed = genotypeFileSchema.safeParse(value)
    if (!parsed.success) {
      throw new EngineError('BAD_REQUEST', listProblems(parsed.error, value).join('; '))
    }
  }),
]
