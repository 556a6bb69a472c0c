import { beforeEach, describe, expect, it } from 'vitest'
import FrontTooltip from '../../../../src-renderer/components/chart/FrontTooltip.vue'
import ReportTable from '../../../../src-renderer/components/run/ReportTable.vue'
import { intervalText, notApartText } from '../../../../src-renderer/lib/interval-text.ts'
import { createFakeEngine, mountWith, settle } from '../support/fake-engine.ts'
import { PROTOCOL, sampleCandidate, sampleDetails, sampleIntervals } from '../support/sample-run.ts'

const SEARCH = sampleIntervals('search', [
  { number: 1, low: 0.37, high: 0.388, notApartFrom: [2] },
  { number: 2, low: 0.38, high: 0.4, notApartFrom: [1] },
])

describe('intervals in the window', () => {
  beforeEach(() => {
    document.body.innerHTML = ''
  })

  it('are half the width in points, and name the neighbours that are not told apart', () => {
    const [first] = SEARCH.members
    expect([intervalText(first), notApartText(first)]).toEqual(['± 0.9', 'not told apart from #0002'])
    expect([intervalText(undefined), notApartText(undefined)]).toEqual(['', ''])
  })

  it('stand beside both scores of the report table, and nowhere without them', async () => {
    const fake = createFakeEngine()
    const rows = [sampleCandidate(1), sampleCandidate(3)]
    fake.state.intervals = {
      search: SEARCH,
      report: sampleIntervals('report', [{ number: 1, low: 0.3, high: 0.34, notApartFrom: [] }]),
    }
    const run = sampleDetails({
      reportScores: rows.map(({ id, genotypeId }) => ({
        ...{ candidateId: id, genotypeId, split: 'report' as const, metrics: { accuracy: 0.32 } },
        protocol: { ...PROTOCOL, split: 'report' as const },
      })),
    })
    const { root } = mountWith(fake.engine, ReportTable, { run, rows, frontIds: new Set() })
    await settle()
    const cells = [...root.querySelectorAll('[data-testid=interval]')].map((cell) => cell.textContent.trim())
    expect(cells).toEqual(['± 0.9', '± 2.0'])
    expect(root.textContent).toContain('not told apart from #0002')
  })

  it('stand in the tooltip of the front chart', () => {
    const row = sampleCandidate(2)
    const near = [{ point: { row, x: 1, y: 1, isOnFront: true }, distance: 0 }]
    const frame = { left: 0, top: 0, width: 400, height: 300 }
    const { root } = mountWith(createFakeEngine().engine, FrontTooltip, {
      ...{ near, frame, metricName: 'PCK@0.2', total: 9 },
      intervals: new Map(SEARCH.members.map((member) => [member.candidateId, member])),
    })
    expect(root.textContent).toMatch(/± 1\.0\s+%/)
    expect(root.textContent).toContain('not told apart from #0001')
  })
})
