import type { ClassFacts, DatasetConfig, DatasetFacts } from '../../contract/index.ts'
import { ByteBudgetCache } from '../byte-budget-cache.ts'
import type { LabelledImage, SegmentationDataset, SegmentationSample, SplitName } from '../dataset.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { sampleRandom } from '../sample-random.ts'
import { STREET_CLASSES } from '../street-classes.ts'
import { countSplits, drawSplits } from './draw-splits.ts'
import { DRAWING_VERSION } from './drawing-version.ts'
import { describeStreetScene, renderStreetScene } from './street-scene.ts'
import { STREET_HEIGHT, STREET_IGNORE, STREET_WIDTH } from './street-view.ts'

/** Drawn streets: every picture and label follows from (seed, split, number); nothing is stored. */
export function openDrawnStreetDataset(config: DatasetConfig, cacheBytes: number): SegmentationDataset {
  const { seed } = config.drawn
  const classes: ClassFacts = { ...STREET_CLASSES, ignoreLabel: STREET_IGNORE }
  const cache = new ByteBudgetCache<LabelledImage>(
    cacheBytes,
    ({ image, labels }) => image.data.byteLength + labels.byteLength,
  )
  const splits = drawSplits(config, sampleOf)
  return {
    kind: 'segmentation',
    recipe: { kind: 'drawn', config, task: 'segmentation' },
    facts: describe(config, splits, classes),
    classes,
    splits,
    load: ({ id }) =>
      cache.get(id, () =>
        Promise.resolve(renderStreetScene(describeStreetScene(sampleRandom('drawn street', seed, id)))),
      ),
  }
}

/** Every drawn street is its own clip. */
function sampleOf(id: string): SegmentationSample {
  return { id, clip: id, width: STREET_WIDTH, height: STREET_HEIGHT }
}

function describe(
  config: DatasetConfig,
  splits: Record<SplitName, SegmentationSample[]>,
  classes: ClassFacts,
): DatasetFacts {
  const total = splits.train.length + splits.search.length + splits.report.length
  return {
    name: 'Drawn streets',
    format: 'drawn',
    task: 'segmentation',
    path: null,
    fingerprint: fingerprintOf(['drawn street', DRAWING_VERSION, JSON.stringify(config.drawn)]),
    splits: countSplits(splits),
    skeleton: null,
    classes,
    found: [
      `${total.toLocaleString('en-US')} drawn streets of ${String(STREET_WIDTH)} x ${String(STREET_HEIGHT)} pixels`,
      `${String(classes.names.length)} classes; label ${String(classes.ignoreLabel)} is not counted`,
    ],
    leftOut: [],
    warnings: [],
  }
}
