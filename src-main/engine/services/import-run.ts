import { createHash } from 'node:crypto'
import { EngineError, IMPORTED_PRESET } from '../../contract/index.ts'
import type {
  ImportRequest,
  ImportResult,
  ImportedFacts,
  Preset,
  Protocol,
  RunConfig,
  TaskKind,
} from '../../contract/index.ts'
import { fromGenotypeKeyOrThrow } from '../search/read-genotype-key.ts'
import { genotypeId, genotypeKey, toGenotypeJson } from '../../nas/genotype.ts'
import { frontHypervolume, hypervolumeReference } from '../../nas/pareto/hypervolume.ts'
import type { ImportedCandidateRow } from '../../store/candidate-queries.ts'
import type { Store } from '../../store/store.ts'
import { findPreset } from '../configure/presets.ts'
import { createSearchSetup } from '../configure/search-setup.ts'
import type { SearchSetup } from '../configure/search-setup.ts'
import type { EventHub } from '../events/event-hub.ts'

/** The published space of each task; of its recipe nothing is claimed (see `importedSources`). */
const SPACE_OF = {
  pose: 'pose-w32-256x192',
  segmentation: 'seg-w32-cityscapes',
  'bottom-up-pose': 'bottom-up-w32-512',
} as const satisfies Record<TaskKind, string>
const METRIC = 'score of the log'
const ID_DIGITS = 16

export interface ImportParts {
  readonly store: Store
  readonly hub: Pick<EventHub, 'publishStatus'>
  readonly presets: readonly Preset[]
  readonly now: () => number
}

/**
 * Stores a search log of another program as a run of its own that is complete from the start. The id of the run follows from the
 * content, so that the same log imported again is the same run.
 * @throws EngineError BAD_REQUEST for a genotype that the space does not have, or one that is there twice.
 */
export function importRun(parts: ImportParts, request: ImportRequest): ImportResult {
  const { store, hub } = parts
  const fingerprint = fingerprintOf(request)
  const id = `r-${fingerprint.slice(0, ID_DIGITS)}`
  const existing = store.runs.summary(id)
  if (existing !== null) {
    return { run: existing, isNew: false }
  }
  const config = configOf(parts.presets, request)
  const setup = createSearchSetup(config, request.outputs)
  const rows = toRows(request, setup, protocolOf(request, fingerprint))
  const facts: ImportedFacts = {
    ...{ log: request.log, fingerprint, outputs: request.outputs },
    ...{ unscored: request.unscored, leftOut: request.leftOut },
    warnings: request.candidates.flatMap(({ name, warnings }) => warnings.map((text) => `${name}: ${text}`)),
  }
  const at = parts.now()
  store.transaction(() => {
    store.runs.insert({
      ...{ id, name: request.name, config, createdAt: at, metricName: METRIC },
      datasetName: 'search log',
    })
    store.runs.update(id, { status: 'completed', progress: 1, endedAt: at, imported: facts })
    store.candidates.insertImported(id, rows)
    store.candidates.closeGeneration(
      id,
      0,
      frontHypervolume(rows, hypervolumeReference(setup.largest.macs)),
      Math.max(...rows.map(({ accuracy }) => accuracy)),
    )
  })
  hub.publishStatus(id)
  const run = store.runs.summary(id)
  if (run === null) {
    throw new EngineError('INTERNAL', `Run ${id} was imported and cannot be read.`)
  }
  return { run, isNew: true }
}

function configOf(presets: readonly Preset[], { task, network }: ImportRequest): RunConfig {
  return { ...structuredClone(findPreset(presets, SPACE_OF[task]).config), preset: IMPORTED_PRESET, network }
}

/** Of `imported` scores nothing but the axis is known; the fingerprint keeps two logs apart. */
function protocolOf({ network }: ImportRequest, fingerprint: string): Protocol {
  return {
    metric: METRIC,
    split: 'imported',
    samples: 0,
    datasetFingerprint: `imported:${fingerprint}`,
    inputHeight: network.inputHeight,
    inputWidth: network.inputWidth,
    flipTest: false,
    recalibrationImages: 0,
    recalibrationSeed: 0,
    backend: 'not recorded',
  }
}

function toRows(
  { candidates, network }: ImportRequest,
  setup: SearchSetup,
  protocol: Protocol,
): readonly ImportedCandidateRow[] {
  const names = new Map<string, string>()
  return candidates.map(({ name, genotypeKey: given, accuracy }, index) => {
    const genotype = fromGenotypeKeyOrThrow(setup.space, name, given)
    const key = genotypeKey(genotype)
    const twin = names.get(key)
    if (twin !== undefined) {
      throw new EngineError('BAD_REQUEST', `${name} has the same architecture as ${twin}.`)
    }
    names.set(key, name)
    return {
      ...{ number: index + 1, genotypeId: genotypeId(genotype), genotypeKey: key },
      genotype: toGenotypeJson(setup.space, network.baseWidth, genotype),
      ...setup.costOf(genotype),
      origin: { operator: 'imported', label: name, parents: [], modulesTaken: [], edgesFlipped: 0 },
      ...{ accuracy, protocol },
    }
  })
}

function fingerprintOf({ task, network, outputs, candidates }: ImportRequest): string {
  const rows = candidates
    .map(({ name, genotypeKey: key, accuracy }) => JSON.stringify([name, key, accuracy]))
    .toSorted()
  const shape = Object.entries(network).toSorted(([a], [b]) => a.localeCompare(b))
  return createHash('sha256')
    .update(JSON.stringify([task, shape, outputs, rows]))
    .digest('hex')
}
