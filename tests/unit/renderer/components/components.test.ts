import { beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, h, ref } from 'vue'
import FrontChart from '../../../../src-renderer/components/chart/FrontChart.vue'
import GenerationStrip from '../../../../src-renderer/components/chart/GenerationStrip.vue'
import LoomDiagram from '../../../../src-renderer/components/architecture/LoomDiagram.vue'
import RunLog from '../../../../src-renderer/components/run/RunLog.vue'
import PreflightList from '../../../../src-renderer/components/form/PreflightList.vue'
import { exampleGenotype } from '../../../../src-renderer/lib/example-genotype.ts'
import { createFakeEngine, mountWith, settle } from '../support/fake-engine.ts'
import { sampleCandidate } from '../support/sample-run.ts'

const SIZE = { width: 800, height: 500 }

/** happy-dom has no layout; every element is told that it has one size. */
class FixedSizeObserver {
  private readonly callback: ResizeObserverCallback
  constructor(callback: ResizeObserverCallback) {
    this.callback = callback
  }
  observe(target: Element): void {
    const contentRect = { ...SIZE, x: 0, y: 0, top: 0, left: 0, right: SIZE.width, bottom: SIZE.height }
    this.callback([{ target, contentRect } as unknown as ResizeObserverEntry], this)
  }
  unobserve(): void {
    // Nothing is watched: sizes never change.
  }
  disconnect(): void {
    // As above.
  }
}

beforeEach(() => {
  document.body.innerHTML = ''
  vi.stubGlobal('ResizeObserver', FixedSizeObserver)
  Object.defineProperty(HTMLElement.prototype, 'clientWidth', { configurable: true, value: SIZE.width })
  Object.defineProperty(HTMLElement.prototype, 'clientHeight', { configurable: true, value: SIZE.height })
})

const { engine } = createFakeEngine()
const find = (root: HTMLElement, id: string): HTMLElement => {
  const element = root.querySelector<HTMLElement>(`[data-testid="${id}"]`)
  if (element === null) {
    throw new Error(`no ${id} in ${root.innerHTML.slice(0, 300)}`)
  }
  return element
}

describe('FrontChart', () => {
  const rows = [
    sampleCandidate(1, { macs: 4e6, accuracy: 0.2 }),
    sampleCandidate(2, { macs: 6e6, accuracy: 0.1 }),
    sampleCandidate(3, { macs: 8e6, accuracy: 0.3 }),
  ]

  async function mountChart(
    selected: (row: { number: number }) => void,
    extra: Record<string, unknown> = {},
  ) {
    const { root } = mountWith(engine, FrontChart, {
      rows,
      metricName: 'PCK@0.2',
      onSelected: selected,
      ...extra,
    })
    await settle()
    const chart = find(root, 'front-chart')
    const points = JSON.parse(chart.dataset['points'] ?? '[]') as {
      id: string
      genotypeId: string
      x: number
      y: number
    }[]
    return { chart, points }
  }

  it('tells where the members of the front are, cheapest first', async () => {
    const { points } = await mountChart(() => undefined)
    expect(points.map((point) => point.genotypeId)).toEqual(['genotype1', 'genotype3'])
    const [first, last] = points
    expect(first?.x).toBeLessThan(last?.x ?? 0)
    expect(first?.y).toBeGreaterThan(last?.y ?? 0)
  })

  it('a click near a point selects it, a click into the void does not', async () => {
    const selected: number[] = []
    const { chart, points } = await mountChart((row) => selected.push(row.number))
    const area = chart.querySelector('[role=img][tabindex]')
    const click = (x: number, y: number): void => {
      for (const type of ['pointerdown', 'pointerup']) {
        const event = new PointerEvent(type, { button: 0, bubbles: true })
        Object.defineProperties(event, { offsetX: { value: x }, offsetY: { value: y } })
        area?.dispatchEvent(event)
      }
    }
    const target = points[1] ?? { x: 0, y: 0 }
    click(target.x + 4, target.y - 4)
    click(300, 480)
    expect(selected).toEqual([3])
  })

  it('says its finding to those who cannot see it', async () => {
    const { chart } = await mountChart(() => undefined)
    expect(
      chart.querySelector('[role=img][aria-label^="Accuracy against cost"]')?.getAttribute('aria-label'),
    ).toBe('Accuracy against cost: 2 on the front of 3, best 30.00 % PCK@0.2')
  })
})

describe('GenerationStrip', () => {
  it('is a slider that the keyboard moves within its range', async () => {
    const value = ref(1)
    const generations = [0, 1, 2].map((generation) => ({
      generation,
      proposed: 5,
      evaluated: 5,
      failed: 0,
      closed: true,
      hypervolume: 0.1 + generation / 10,
      bestAccuracy: null,
    }))
    const Host = defineComponent(
      () => () =>
        h(GenerationStrip, {
          generations,
          modelValue: value.value,
          'onUpdate:modelValue': (next: number) => (value.value = next),
        }),
    )
    const { root } = mountWith(engine, Host)
    const slider = find(root, 'generation-slider')
    const press = async (key: string): Promise<string | null> => {
      slider.dispatchEvent(new KeyboardEvent('keydown', { key }))
      await settle()
      return slider.getAttribute('aria-valuetext')
    }
    expect(await press('ArrowRight')).toBe('generation 2 of 2')
    expect(await press('ArrowRight')).toBe('generation 2 of 2')
    expect(await press('Home')).toBe('generation 0 of 2')
  })
})

describe('LoomDiagram', () => {
  it('names what it draws', () => {
    const { root } = mountWith(engine, LoomDiagram, { genotype: exampleGenotype(), width: 620, height: 150 })
    expect(root.querySelector('svg')?.getAttribute('aria-label')).toMatch(
      /^Architecture: 4 branches, \d+ blocks, \d+ fusions$/,
    )
  })
})

describe('RunLog', () => {
  it('filters by level and text', async () => {
    const lines = [
      { at: 0, level: 'info', message: 'teacher: 72 iterations' },
      { at: 1, level: 'warn', message: 'generation 2 has 1 less' },
    ]
    const { root } = mountWith(engine, RunLog, { lines })
    await settle()
    const shown = (): string[] => [...find(root, 'run-log').children].map((line) => line.textContent)
    expect(shown()).toHaveLength(2)
    root.querySelectorAll<HTMLButtonElement>('[role=radio]')[1]?.click()
    await settle()
    expect(shown().join()).toContain('generation 2 has 1 less')
    expect(shown()).toHaveLength(1)
  })
})

describe('PreflightList', () => {
  it('shows every check with its state and what it says', () => {
    const checks = [
      { name: 'Read 16 pictures', status: 'passed', detail: '', milliseconds: 310, field: null },
      {
        name: 'Largest iteration',
        status: 'failed',
        detail: 'out of memory',
        milliseconds: null,
        field: 'supernet.batch',
      },
    ]
    const { root } = mountWith(engine, PreflightList, {
      preflight: { ok: false, checks, cost: null, dataset: null },
      isChecking: false,
    })
    const rows = [...root.querySelectorAll<HTMLElement>('li')]
    expect(rows.map((row) => [row.dataset['status'], row.textContent])).toEqual([
      ['passed', 'Read 16 pictures310 ms'],
      ['failed', 'Largest iterationout of memory'],
    ])
  })
})
