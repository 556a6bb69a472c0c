import { beforeEach, describe, expect, it } from 'vitest'
import { protocolFacts, protocolText, shortProtocolText } from '../../../../src-main/contract/index.ts'
import type { Protocol } from '../../../../src-main/contract/index.ts'
import FilmStrip from '../../../../src-renderer/components/preview/FilmStrip.vue'
import ReportTable from '../../../../src-renderer/components/run/ReportTable.vue'
import { usePreviewStore } from '../../../../src-renderer/stores/preview-store.ts'
import { createFakeEngine, mountWith, settle } from '../support/fake-engine.ts'
import { sampleCandidate, sampleDetails } from '../support/sample-run.ts'

const SEARCH: Protocol = {
  ...{ metric: 'AP', split: 'search', samples: 240, datasetFingerprint: 'f', backend: 'wasm' },
  ...{ inputHeight: 64, inputWidth: 48, flipTest: true, recalibrationImages: 128, recalibrationSeed: 1 },
  boxes: 'annotated',
}
const REPORT: Protocol = {
  ...{ ...SEARCH, split: 'report', samples: 1157, boxes: 'detected', pictures: 36, flipTest: false },
  ...{ detectionFile: 'dets.json', detectionFingerprint: '0123abcd', detectionThreshold: 0.2 },
}

describe('words of a protocol', () => {
  it('name metric, split, boxes, input, flip and recalibration', () => {
    expect(protocolFacts(SEARCH, 'pose')).toEqual([
      ['Metric', 'AP'],
      ['Split', 'search split, 240 persons'],
      ['Boxes', 'annotated'],
      ['Input', '64 × 48'],
      ['Flip', 'averaged with the mirrored image'],
      ['Batch norm', 'recalibrated on 128 images'],
    ])
    expect(protocolText(REPORT, 'pose')).toBe(
      'report split, 1,157 boxes in 36 pictures, boxes: detector (dets.json, 0123abcd, score ≥ 0.2), ' +
        'input 64 × 48, no mirrored image, batch norm recalibrated on 128 images',
    )
    expect(shortProtocolText(REPORT, 'pose')).toBe('report split · detector boxes · 64 × 48 · recalibrated')
    expect(shortProtocolText({ ...SEARCH, scales: '0.5, 1, 2' }, 'bottom-up-pose')).toBe(
      'search split · 64 × 48 · multi-scale · flip · recalibrated',
    )
    // Bottom-up always names its scales; one alone is not several.
    expect(shortProtocolText({ ...SEARCH, scales: '1' }, 'bottom-up-pose')).toBe(
      'search split · 64 × 48 · flip · recalibrated',
    )
    const { boxes: _boxes, ...labels } = {
      ...SEARCH,
      metric: 'mIoU',
      scales: '0.5, 1',
      recalibrationImages: 0,
    }
    expect(_boxes).toBe('annotated')
    expect(protocolText(labels, 'segmentation')).toBe(
      'search split, 240 pictures, input 64 × 48, scales 0.5, 1, averaged with the mirrored image, batch norm as trained',
    )
  })
})

describe('ReportTable', () => {
  const rows = [sampleCandidate(1), sampleCandidate(2)]
  const scoreOf = (number: number, protocol: Protocol) => ({
    ...{ candidateId: rows[number - 1]?.id ?? '', genotypeId: 'g', split: 'report' as const },
    ...{ metrics: { accuracy: number / 10 }, protocol },
  })
  const mountTable = (protocols: readonly [Protocol, Protocol]) => {
    const run = sampleDetails({
      ...{ metricName: 'AP', protocol: SEARCH },
      reportScores: [scoreOf(1, protocols[0]), scoreOf(2, protocols[1])],
    })
    return mountWith(createFakeEngine().engine, ReportTable, { run, rows, frontIds: new Set() }).root
  }
  const notes = (root: HTMLElement) =>
    [...root.querySelectorAll('[data-testid=protocol-note]')].map((note) => note.getAttribute('aria-label'))
  beforeEach(() => {
    document.body.innerHTML = ''
  })

  it('names both protocols in its head', () => {
    const root = mountTable([REPORT, REPORT])
    expect(notes(root)).toEqual([
      `AP, ${protocolText(SEARCH, 'pose')}`,
      `AP, ${protocolText(REPORT, 'pose')}`,
    ])
    expect(root.textContent).toContain('report split · detector boxes')
  })

  it('shows the teacher below the candidates, with what inheriting costs', () => {
    const first = { ...sampleCandidate(1), genotypeId: 'g' }
    const teacher = { name: 'teacher', genotypeId: 'g', macs: 1e6, params: 10, iterations: 3 } as const
    const run = sampleDetails({
      ...{ metricName: 'AP', reportScores: [scoreOf(1, REPORT)] },
      references: [{ ...teacher, split: 'report', metrics: { accuracy: 0.125 }, protocol: REPORT }],
    })
    const props = { run, rows: [first], frontIds: new Set() }
    const { root } = mountWith(createFakeEngine().engine, ReportTable, props)
    const text = root.querySelector('tbody tr:last-child')?.textContent
    expect(text).toContain('inherited: 2.5 points below the teacher of this run, 12.5 (report split)')
    expect(root.querySelectorAll('tbody tr')).toHaveLength(2)
  })

  it('names each report score its own where they differ', () => {
    const annotated: Protocol = { ...SEARCH, split: 'report' }
    expect(notes(mountTable([REPORT, annotated]))).toHaveLength(3)
  })

  it('shows the whole protocol when a note is focused', async () => {
    const root = mountTable([REPORT, REPORT])
    root
      .querySelectorAll<HTMLElement>('[data-testid=protocol-note]')[1]
      ?.dispatchEvent(new FocusEvent('focus'))
    await settle()
    expect(document.body.textContent).toContain('detector (dets.json, 0123abcd, score ≥ 0.2)')
  })
})

describe('FilmStrip', () => {
  it('marks the picture that could not be predicted and shows the others, each with the metric of its score', async () => {
    const fake = createFakeEngine()
    const sampleOf = (id: string) => ({
      ...{ id, runId: 'r-sample01', split: 'report' as const, width: 4, height: 4, imagePath: `/${id}` },
      ...{ truthKeypoints: null, truthLabelPath: null, box: null },
    })
    fake.state.predictions = {
      ...{ candidateId: 'r-sample01:1', genotypeId: 'g' },
      predictions: [
        {
          ...{ kind: 'pose', sampleId: 'a', keypoints: [], pck: 0.1 },
          score: { name: 'OKS', value: 0.62 },
        },
      ],
      problems: [{ sampleId: 'b', message: 'b.jpg cannot be decoded' }],
    }
    const { root } = mountWith(fake.engine, FilmStrip, {
      ...{ samples: [sampleOf('a'), sampleOf('b')], facts: null, candidateId: 'r-sample01:1' },
      ...{ selectedId: 'a', options: { show: 'prediction' } },
    })
    await usePreviewStore().predict('r-sample01:1')
    await settle()
    const [first, second] = [...root.querySelectorAll('button')]
    expect(first?.textContent).toContain('OKS 62')
    expect(first?.querySelector('.tile-problem')).toBeNull()
    expect(second?.querySelector('.tile-problem')?.getAttribute('title')).toBe('b.jpg cannot be decoded')
  })
})
