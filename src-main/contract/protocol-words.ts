import type { Protocol } from './candidate.ts'
import type { TaskKind } from './config.ts'

/** One line of what a score was measured with. */
export type ProtocolFact = readonly [label: string, value: string]

/** How a score was measured, point by point, in words for a person. */
export function protocolFacts(protocol: Protocol, task: TaskKind): readonly ProtocolFact[] {
  if (protocol.split === 'imported') {
    return [
      ['Metric', protocol.metric],
      ['Split', 'imported: how it was measured is not recorded'],
    ]
  }
  return [
    ['Metric', protocol.metric],
    ['Split', `${protocol.split} split, ${countText(protocol, task)}`],
    ...(task === 'pose' ? [['Boxes', boxesText(protocol)] as const] : []),
    ['Input', `${String(protocol.inputHeight)} × ${String(protocol.inputWidth)}`],
    ...(protocol.scales === undefined ? [] : [['Scales', protocol.scales] as const]),
    ...(protocol.grouping === undefined ? [] : [['Grouping', protocol.grouping] as const]),
    ['Flip', protocol.flipTest ? 'averaged with the mirrored image' : 'no mirrored image'],
    [
      'Batch norm',
      protocol.recalibrationImages === 0
        ? 'as trained'
        : `recalibrated on ${protocol.recalibrationImages.toLocaleString('en')} images`,
    ],
    ...(protocol.searchSeesReport === true
      ? [['Note', 'search and report split share pictures'] as const]
      : []),
  ]
}

/** The same in one line, without the metric. */
export function protocolText(protocol: Protocol, task: TaskKind): string {
  const facts = protocolFacts(protocol, task).filter(([label]) => label !== 'Metric')
  return facts.map(([label, value]) => LINE_WORDS[label]?.(value) ?? value).join(', ')
}

/** Values that say nothing without their label. */
const LINE_WORDS: Readonly<Record<string, ((value: string) => string) | undefined>> = {
  Boxes: (value) => (value === 'annotated' ? 'annotated boxes' : `boxes: ${value}`),
  Input: (value) => `input ${value}`,
  Scales: (value) => `scales ${value}`,
  'Batch norm': (value) => `batch norm ${value}`,
}

/** The shortest line that tells two scores of one run apart: split, boxes, mirror. */
export function shortProtocolText(protocol: Protocol, task: TaskKind): string {
  return protocol.split === 'imported'
    ? 'imported'
    : [
        `${protocol.split} split`,
        ...(task === 'pose' ? [protocol.boxes === 'detected' ? 'detector boxes' : 'annotated boxes'] : []),
        `${String(protocol.inputHeight)} × ${String(protocol.inputWidth)}`,
        ...(protocol.scales === undefined || protocol.scales === '1' ? [] : ['multi-scale']),
        ...(protocol.flipTest ? ['flip'] : []),
        ...(protocol.recalibrationImages === 0 ? [] : ['recalibrated']),
      ].join(' · ')
}

function boxesText({ boxes, detectionFile, detectionFingerprint, detectionThreshold }: Protocol): string {
  return boxes === 'detected'
    ? `detector (${detectionFile ?? 'unknown file'}, ${detectionFingerprint ?? 'no fingerprint'}, score ≥ ${String(detectionThreshold ?? 0)})`
    : 'annotated'
}

const SAMPLES: Readonly<Record<TaskKind, string>> = {
  pose: 'persons',
  segmentation: 'pictures',
  'bottom-up-pose': 'pictures',
}

function countText({ samples, boxes, pictures = 0 }: Protocol, task: TaskKind): string {
  const count = samples.toLocaleString('en')
  return boxes === 'detected'
    ? `${count} boxes in ${pictures.toLocaleString('en')} pictures`
    : `${count} ${SAMPLES[task]}`
}
