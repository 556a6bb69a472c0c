import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { FineTuneResult } from '../../../../src-main/contract/index.ts'
import FineTunePanel from '../../../../src-renderer/components/explore/FineTunePanel.vue'
import { createFakeEngine, mountWith, settle } from '../support/fake-engine.ts'
import type { FakeEngine, Mounted } from '../support/fake-engine.ts'

const RESULT: FineTuneResult = {
  ...{ candidateId: 'r-sample01:1', genotypeId: 'g', folder: '/somewhere', files: [], metricName: 'PCK@0.2' },
  samples: { search: 10, report: 12 },
  inherited: { search: 0.71, report: 0.684 },
  fineTuned: { search: 0.75, report: 0.733 },
  ...{ bestEpoch: 2, batch: 8, stages: [{ epochs: 2, learningRate: 1e-4 }] },
  epochs: [
    { epoch: 1, learningRate: 1e-4, loss: 0.2, accuracy: 0.72 },
    { epoch: 2, learningRate: 1e-4, loss: 0.1, accuracy: 0.75 },
  ],
}

describe('FineTunePanel', () => {
  let fake: FakeEngine
  let mounted: Mounted
  const mount = async (): Promise<void> => {
    mounted = mountWith(fake.engine, FineTunePanel, { candidateId: 'r-sample01:1', task: 'pose' })
    await settle()
  }
  const find = (id: string): HTMLElement | null =>
    mounted.root.querySelector<HTMLElement>(`[data-testid="${id}"]`)
  beforeEach(() => {
    fake = createFakeEngine()
  })
  afterEach(() => {
    mounted.app.unmount()
    vi.useRealTimers()
  })

  it('shows both scores of the report split beside each other', async () => {
    fake.state.fineTune = { running: null, error: null, result: RESULT }
    await mount()
    expect(find('fine-tune-inherited')?.textContent).toBe('68.40')
    expect(find('fine-tune-tuned')?.textContent).toBe('73.30')
    expect(mounted.root.textContent).toContain('Epoch 2 of 2')
  })

  it('starts at a click, follows the progress, and stops asking when it is over', async () => {
    await mount()
    vi.useFakeTimers()
    fake.state.fineTune = {
      running: { done: 3, total: 12, note: 'epoch 1 of 2' },
      error: null,
      result: null,
    }
    find('fine-tune-start')?.click()
    await vi.advanceTimersByTimeAsync(10)
    expect(fake.calls).toContain('candidates.fineTune')
    expect(mounted.root.textContent).toContain('epoch 1 of 2')
    expect(mounted.root.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow')).toBe('25')
    fake.state.fineTune = { running: null, error: null, result: RESULT }
    await vi.advanceTimersByTimeAsync(1100)
    expect(find('fine-tune-tuned')?.textContent).toBe('73.30')
    const asked = fake.calls.length
    await vi.advanceTimersByTimeAsync(5000)
    expect(fake.calls).toHaveLength(asked)
  })

  it('a failure is told with its reason, a stop is not a failure', async () => {
    fake.state.fineTune = {
      running: null,
      error: { code: 'NUMERIC', message: 'The loss became NaN.', details: [] },
      result: null,
    }
    await mount()
    expect(mounted.root.textContent).toContain('The loss became NaN.')
    mounted.app.unmount()
    fake.state.fineTune = {
      running: null,
      error: { code: 'STOPPED', message: 'Stopped in epoch 1.', details: [] },
      result: null,
    }
    await mount()
    expect(mounted.root.textContent).not.toContain('Stopped in epoch 1.')
    expect(find('fine-tune-start')).not.toBeNull()
  })
})
