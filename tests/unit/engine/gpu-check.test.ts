import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { gpuEnvironment, listVisibleCards } from '../../../src-main/engine/executors/gpu-environment.ts'
import { checkGpu, compareTraces, explainAbsence } from '../../../src-main/engine/services/gpu-check.ts'
import { FakeExecutor } from '../../support/fake-executor.ts'

const FACTS = { device: 'gpu', backendVersion: '2.18.1' }
const WAY = { ...FACTS, backend: 'tensorflow', reference: 'tensorflow', cards: ['0'] } as const
const trace = (output: number[], losses: number[], nextOutput = output) => ({
  output: Float32Array.from(output),
  nextOutput: Float32Array.from(nextOutput),
  losses,
})

describe('the GPU check', () => {
  it('passes small differences and fails wrong, missing or infinite numbers', () => {
    const cpu = trace([1, -2], [1, 0.9, 0.8])
    const right = trace([1.005, -2], [1.0004, 0.9, 0.81], [1.1, -2])
    expect(compareTraces(right, cpu, WAY)).toMatchObject({ hasPassed: true })
    for (const wrong of [
      trace([1.1, -2], [1, 0.9, 0.8]),
      trace([1, -2], [1, 0.9, 0.8], [1, -1.7]),
      trace([1, -2], [1, 0.901, 0.8]),
      trace([1, -2], [1, 0.9, 0.83]),
      trace([1], [1, 0.9, 0.8]),
      trace([1, -2, 0], [1, 0.9, 0.8]),
      trace([1, -2], [1, 0.9]),
      trace([1, -2], [1, 0.9, Number.NaN]),
      trace([1, Number.POSITIVE_INFINITY], [1, 0.9, 0.8]),
    ]) {
      expect(compareTraces(wrong, cpu, WAY).hasPassed).toBe(false)
    }
  })

  it('says exactly why no GPU computes', () => {
    expect(explainAbsence({ hasDriver: false, cards: [] }, FACTS)).toContain('no NVIDIA driver')
    expect(explainAbsence({ hasDriver: true, cards: [] }, FACTS)).toContain('CUDA_VISIBLE_DEVICES')
    expect(explainAbsence({ hasDriver: true, cards: ['0', '1'] }, FACTS)).toMatch(/lists 2.*setup -- --gpu/)
  })

  it('trains nothing when no backend can be opened, and says of CUDA and WebGPU why', async () => {
    const executor = new FakeExecutor()
    executor.probe = () => Promise.reject(new Error('no native part'))
    const parts = { executor, presets: [], signal: new AbortController().signal }
    await expect(checkGpu(parts)).rejects.toMatchObject({
      code: 'MISSING_PART',
      details: [
        expect.stringMatching(/^CUDA: .*no native part/) as string,
        expect.stringMatching(/^WebGPU: .*no native part/) as string,
      ],
    })
    expect(executor.jobs).toEqual([])
  })
})

describe('cards of a worker', () => {
  it('are taken in turn where there are several, and hidden on request', () => {
    expect([0, 1, 2].map((worker) => gpuEnvironment(worker, ['0', '3']))).toEqual([
      { CUDA_VISIBLE_DEVICES: '0' },
      { CUDA_VISIBLE_DEVICES: '3' },
      { CUDA_VISIBLE_DEVICES: '0' },
    ])
    expect(gpuEnvironment(undefined, ['0', '1'])).toEqual({})
    expect(gpuEnvironment(1, ['0'])).toEqual({})
    expect(gpuEnvironment(1, [])).toEqual({})
    expect(gpuEnvironment('none', ['0', '1'])).toEqual({ CUDA_VISIBLE_DEVICES: '-1' })
  })

  it('are those that the process sees itself', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cards-'))
    mkdirSync(join(folder, '0000:01:00.0'))
    mkdirSync(join(folder, '0000:02:00.0'))
    expect(listVisibleCards({}, folder)).toEqual(['0', '1'])
    expect(listVisibleCards({ CUDA_VISIBLE_DEVICES: '1, GPU-8f,-1,0' }, folder)).toEqual(['1', 'GPU-8f'])
    expect(listVisibleCards({ CUDA_VISIBLE_DEVICES: '' }, folder)).toEqual([])
    rmSync(folder, { recursive: true })
    expect(listVisibleCards({}, folder)).toEqual([])
  })
})
