import type {
  PublishedPoint,
  PublishedProtocol,
  PublishedResults,
  RunDetails,
} from '../../src-main/contract/index.ts'

/** A published result with its place on the accuracy-cost chart of a run. */
export interface PublishedMark {
  readonly name: string
  /** Multiply-adds: the printed GFLOPs times 2^30, so exact only to the printed digits. */
  readonly macs: number
  readonly accuracy: number
  /** Protocol, input, sources and notes in one sentence, for a tooltip. */
  readonly about: string
}

/** The counter of our cost axis (method.md 4.1 rule 5); bottom-up tables count in another way. */
const OUR_COUNTER: PublishedProtocol['counter'] = 'macs-2^30'
const GIGA_BINARY = 2 ** 30

type ComparedRun = Pick<RunDetails, 'config' | 'dataset' | 'metricName' | 'task'>

/**
 * The published results that may stand on a run's chart: same task, metric, labels, input size and counter. None on drawn data,
 * which nobody has published, and none before the dataset is known.
 */
export function matchPublished(results: PublishedResults, run: ComparedRun): readonly PublishedMark[] {
  const protocols = new Map(
    results.protocols
      .filter((protocol) => isOurAxis(protocol, run))
      .map((protocol) => [protocol.id, protocol]),
  )
  const { inputHeight, inputWidth } = run.config.network
  return results.points.flatMap((point) => {
    const protocol = protocols.get(point.protocol)
    const isSameInput = point.input.height === inputHeight && point.input.width === inputWidth
    return protocol === undefined || point.gigaMacs === null || !isSameInput
      ? []
      : [
          {
            name: `${point.method} ${point.backbone}`,
            macs: point.gigaMacs * GIGA_BINARY,
            accuracy: point.accuracy,
            about: describe(point, protocol, results.sources),
          },
        ]
  })
}

function isOurAxis(protocol: PublishedProtocol, { dataset, metricName, task }: ComparedRun): boolean {
  if (dataset === null || dataset.format === 'drawn') {
    return false
  }
  const labels = dataset.skeleton?.joints ?? dataset.classes?.names ?? []
  return (
    protocol.task === task &&
    protocol.metric === metricName &&
    protocol.counter === OUR_COUNTER &&
    labels.length === protocol.labels.length &&
    labels.every((label, index) => plain(label) === plain(protocol.labels[index] ?? ''))
  )
}

/** "Traffic light", "traffic_light" and "trafficLight" are one label. */
function plain(label: string): string {
  return label.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}

function describe(
  point: PublishedPoint,
  { title }: PublishedProtocol,
  sources: PublishedResults['sources'],
): string {
  const { method, backbone, input, gigaMacs, paramsMillions, accuracy } = point
  const params = paramsMillions === null ? '' : `, ${String(paramsMillions)} M params`
  const from = point.sources.map((code) => sources[code] ?? code).join('; ')
  const note = point.note === '' ? '' : ` (${point.note})`
  return (
    `${method} ${backbone}: ${(accuracy * 100).toFixed(1)} at ${String(gigaMacs)} GFLOPs${params}, ` +
    `${title}, ${String(input.height)} × ${String(input.width)}${note}. Source: ${from}.`
  )
}
