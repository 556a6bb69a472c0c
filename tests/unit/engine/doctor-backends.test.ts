import { describe, expect, it } from 'vitest'
import type { BackendName, BackendRefusal, RefusalCode } from '../../../src-main/contract/index.ts'
import { BackendRefusedError } from '../../../src-main/engine/executors/backend-refused.ts'
import { describeBackends, tryBackends } from '../../../src-main/engine/services/doctor-backends.ts'
import { describeCards } from '../../../src-main/engine/services/doctor-cards.ts'

const cpu = { backendVersion: '2.18.1', device: 'cpu' }

const refusal = (backend: BackendName, code: RefusalCode, reason: string): BackendRefusal => ({
  ...{ backend, code, reason },
})

function linesOf(checks: ReturnType<typeof describeBackends>): Record<string, string> {
  return Object.fromEntries(checks.map(({ name, status, detail }) => [name, `${status}: ${detail}`]))
}

const NO_DRIVER = { hasDriver: false, cards: [] }

describe('the card of a backend', () => {
  const cardOf = (given: BackendRefusal) => describeCards([given], NO_DRIVER)[0]

  it('says what was probed, why it is refused, and how to get it', () => {
    const adapter =
      'package passed, adapter failed (llvmpipe (LLVM 15) is refused: software), self-test not run'
    const cards = describeCards(
      [
        refusal('tensorflow', 'self-test-failed', 'self-test failed: conv2d: off by 1.0e-1, allowed 0.00002'),
        refusal('webgpu', 'software-adapter', adapter),
        { backend: 'wasm', facts: { backendVersion: '4.22.0', device: 'cpu', selfTested: 43 } },
      ],
      NO_DRIVER,
    )
    expect(cards.map(({ backend, status, setting }) => [backend, status, setting])).toEqual([
      ['tensorflow', 'refused', 'compute.backend=tensorflow'],
      ['webgpu', 'off', 'compute.backend=webgpu'],
      ['wasm', 'taken', 'compute.backend=wasm'],
    ])
    const outcomes = cards.map(({ steps }) => steps.map(({ name, outcome }) => `${name} ${outcome}`))
    expect(outcomes).toEqual([
      ['native library passed', 'self-test failed'],
      ['package passed', 'adapter failed', 'self-test not run'],
      ['WebAssembly module passed', 'self-test passed'],
    ])
    expect(cards.map(({ reason }) => reason)).toEqual([
      'conv2d: off by 1.0e-1, allowed 0.00002',
      'llvmpipe (LLVM 15) is refused: software',
      null,
    ])
    expect(cards[1]?.remedy).toContain('docs/gpu.md')
    expect(cards[2]?.steps.at(-1)?.detail).toBe('43 of 43 operations')
  })

  it.each<[BackendName, RefusalCode, string, string]>([
    ['tensorflow', 'no-native-part', 'failed, not run', 'npm run setup'],
    ['wasm', 'does-not-load', 'failed, not run', 'npm ci'],
    ['webgpu', 'not-installed', 'failed, not run, not run', '--include=optional'],
    ['webgpu', 'no-device', 'passed, failed, not run', '/dev/dri'],
    ['webgpu', 'self-test-failed', 'passed, passed, failed', 'driver'],
    ['tensorflow', 'self-test-failed', 'passed, failed', 'compute.backend=auto'],
    ['webgpu', 'no-answer', '', 'driver'],
  ])('of %s, %s: steps %s, remedy with %s', (backend, code, outcomes, remedy) => {
    const card = cardOf(refusal(backend, code, 'why'))
    expect(card?.steps.map(({ outcome }) => outcome).join(', ')).toBe(outcomes)
    expect(card?.remedy).toContain(remedy)
    expect(card?.reason).toBe('why')
  })

  it('says of native TensorFlow on the CPU why no card is used', () => {
    const [card] = describeCards([{ backend: 'tensorflow', facts: cpu }], NO_DRIVER)
    expect(card).toMatchObject({ status: 'taken', reason: null, remedy: null })
    expect(card?.note).toMatch(/^No CUDA card: this machine has no NVIDIA driver/)
    const gpu = { backendVersion: '2.18.1', device: 'gpu' }
    expect(describeCards([{ backend: 'tensorflow', facts: gpu }], NO_DRIVER)[0]?.note).toBeNull()
  })
})

describe('the doctor', () => {
  it('has a line for every backend, present or refused, and says which is taken', () => {
    const lines = linesOf(
      describeBackends([
        { backend: 'tensorflow', facts: cpu },
        refusal('webgpu', 'no-adapter', 'package passed, adapter failed (none), self-test not run'),
        { backend: 'wasm', facts: { backendVersion: '4.22.0', device: 'cpu' } },
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
        refusal('tensorflow', 'no-native-part', 'no native part'),
        { backend: 'webgpu', facts: { backendVersion: '0.6.2', device: 'Some Radeon' } },
        { backend: 'wasm', facts: cpu },
      ]),
    )
    expect(without['TensorFlow']).toBe('warned: refused: no native part')
    expect(without['Backend']).toMatch(/^passed: webgpu is taken/)
    expect(without['GPU']).toBe('passed: Some Radeon')
    const slow = linesOf(
      describeBackends([
        refusal('tensorflow', 'not-installed', 'no'),
        refusal('webgpu', 'not-installed', 'no'),
        { backend: 'wasm', facts: cpu },
      ]),
    )
    expect(slow['Backend']).toMatch(/^warned: wasm is taken/)
    const none = linesOf(describeBackends([refusal('wasm', 'does-not-load', 'no')]))
    expect(none['Backend']).toBe('failed: none computes')
  })

  it('asks for each by name and keeps of a refusal code and reason, of any other end the sentence', async () => {
    const asked: string[] = []
    const broken = refusal('tensorflow', 'self-test-failed', 'conv2d: off by 1. Run "npm test"')
    const tried = await tryBackends({
      probe: (backend) => {
        asked.push(backend)
        return backend === 'wasm'
          ? Promise.resolve({ kind: 'ready', backend, ...cpu, refused: [], threads: 1 })
          : Promise.reject(
              backend === 'tensorflow' ? new BackendRefusedError([broken]) : new Error('it crashed'),
            )
      },
    })
    expect(asked).toEqual(['wasm', 'webgpu', 'tensorflow'])
    expect(tried).toEqual([
      broken,
      refusal('webgpu', 'no-answer', 'it crashed'),
      { backend: 'wasm', facts: expect.objectContaining(cpu) as unknown },
    ])
  })

  it.each<[BackendName, RefusalCode, 'passed' | 'warned', string | null]>([
    // Most machines have no such card.
    ['webgpu', 'not-installed', 'passed', null],
    ['webgpu', 'no-adapter', 'passed', null],
    ['webgpu', 'software-adapter', 'passed', null],
    // A card that computes wrong numbers, or whose driver crashes, is worth knowing of.
    ['webgpu', 'self-test-failed', 'warned', 'docs/gpu.md'],
    ['webgpu', 'no-answer', 'warned', 'docs/gpu.md'],
    // What setup can mend, and what it cannot.
    ['tensorflow', 'not-installed', 'warned', 'npm run setup'],
    ['tensorflow', 'no-native-part', 'warned', 'npm run setup'],
    ['tensorflow', 'self-test-failed', 'warned', 'compute.backend=auto'],
    ['wasm', 'does-not-load', 'warned', 'npm run setup'],
  ])('goes by the code: %s, %s is %s', (backend, code, status, remedy) => {
    const checks = describeBackends([refusal(backend, code, 'why')])
    const line = checks.find(({ detail }) => detail.endsWith(': why'))
    expect(line?.status).toBe(status)
    expect(line?.remedy ?? null).toEqual(remedy === null ? null : expect.stringContaining(remedy))
  })
})
