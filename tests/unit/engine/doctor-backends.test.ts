import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { packageReason } from '../../../src-main/compute/webgpu/open-device.ts'
import { describeSteps } from '../../../src-main/compute/webgpu/open-webgpu.ts'
import { toDeathError } from '../../../src-main/engine/executors/worker-death.ts'
import {
  describeBackends,
  refusalOf,
  tryBackends,
} from '../../../src-main/engine/services/doctor-backends.ts'

const cpu = { backendVersion: '2.18.1', device: 'cpu' }

function deathOf(reason: string): Error {
  return toDeathError({
    ...{ pid: 1, exitCode: 3, signal: null, wasKilledForMemory: false, jobKind: null },
    tail: ['something before', `no usable compute backend: ${reason}`],
  })
}

function linesOf(checks: ReturnType<typeof describeBackends>): Record<string, string> {
  return Object.fromEntries(checks.map(({ name, status, detail }) => [name, `${status}: ${detail}`]))
}

describe('the doctor', () => {
  it('has a line for every backend, present or refused, and says which is taken', () => {
    const lines = linesOf(
      describeBackends([
        { backend: 'tensorflow', answer: cpu },
        { backend: 'webgpu', answer: 'package passed, adapter failed (none), self-test not run' },
        { backend: 'wasm', answer: { backendVersion: '4.22.0', device: 'cpu' } },
      ]),
    )
    expect(lines['Backend']).toMatch(/^passed: tensorflow is taken where nothing is measured/)
    expect(lines['TensorFlow']).toMatch(/^passed: 2\.18\.1 on cpu, passed its self-test/)
    expect(lines['WebGPU']).toBe('passed: off: package passed, adapter failed (none), self-test not run')
    expect(lines['WebAssembly']).toMatch(/^passed: 4\.22\.0 on cpu/)
    expect(lines['GPU']).toBe('passed: none in use, the CPU computes')
  })

  it('takes the next in the order where the first is refused, and fails where none is left', () => {
    const without = linesOf(
      describeBackends([
        { backend: 'tensorflow', answer: 'no native part' },
        { backend: 'webgpu', answer: { backendVersion: '0.6.2', device: 'Some Radeon' } },
        { backend: 'wasm', answer: cpu },
      ]),
    )
    expect(without['TensorFlow']).toBe('warned: refused: no native part')
    expect(without['Backend']).toMatch(/^passed: webgpu is taken/)
    expect(without['GPU']).toBe('passed: Some Radeon')
    const slow = linesOf(
      describeBackends([
        { backend: 'tensorflow', answer: 'no' },
        { backend: 'webgpu', answer: 'no' },
        { backend: 'wasm', answer: cpu },
      ]),
    )
    expect(slow['Backend']).toMatch(/^warned: wasm is taken/)
    const none = linesOf(describeBackends([{ backend: 'wasm', answer: 'no' }]))
    expect(none['Backend']).toBe('failed: none computes')
  })

  it('asks for each by name and keeps of a death the reason alone', async () => {
    const asked: string[] = []
    const tried = await tryBackends({
      probe: (backend) => {
        asked.push(backend)
        return backend === 'wasm'
          ? Promise.resolve({ kind: 'ready', backend, ...cpu, refused: [], threads: 1 })
          : Promise.reject(deathOf(`${backend}: it is broken`))
      },
    })
    expect(asked).toEqual(['wasm', 'webgpu', 'tensorflow'])
    expect(tried.map(({ answer }) => answer)).toEqual([
      'it is broken',
      'it is broken',
      expect.objectContaining(cpu),
    ])
  })

  it('says in one sentence that the WebGPU package is not there, and passes on other reasons', () => {
    let thrown: unknown
    try {
      createRequire(import.meta.url)('no-such-package-here/package.json')
    } catch (error) {
      thrown = error
    }
    expect((thrown as Error).message).toContain('Require stack')
    const steps = describeSteps('package', packageReason(thrown))
    const { message } = deathOf(`webgpu: ${steps}`)
    expect(refusalOf(message, 'webgpu')).toBe(
      'package failed (the optional package webgpu is not installed), adapter not run, self-test not run',
    )
    expect(packageReason(new Error('wrong ELF class'))).toBe('wrong ELF class')
  })
})
