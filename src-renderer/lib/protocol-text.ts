import type { Protocol, TaskKind } from '../../src-main/contract/index.ts'

/** How a score was measured, in words: split, boxes, input, mirrored image, recalibration. */
export function protocolText(protocol: Protocol, task: TaskKind): string {
  if (protocol.split === 'imported') {
    return 'imported: how it was measured is not recorded'
  }
  return [
    `${protocol.split} split`,
    `${protocol.samples.toLocaleString('en')} samples`,
    ...(task === 'pose' ? [`${protocol.boxes ?? 'annotated'} boxes`] : []),
    `input ${String(protocol.inputHeight)} × ${String(protocol.inputWidth)}`,
    ...(protocol.scales === undefined ? [] : [`scales ${protocol.scales}`]),
    ...(protocol.grouping === undefined ? [] : [protocol.grouping]),
    protocol.flipTest ? 'mirrored image averaged in' : 'no mirrored image',
    protocol.recalibrationImages === 0
      ? 'batch norm as trained'
      : `batch norm recalibrated on ${protocol.recalibrationImages.toLocaleString('en')} images`,
    ...(protocol.searchSeesReport === true ? ['search and report split share pictures'] : []),
  ].join(', ')
}
