import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { BenchJob } from '../../../src-main/contract/index.ts'
import { findPreset, loadPresets } from '../../../src-main/engine/configure/presets.ts'
import { decodeSafetensors } from '../../../src-main/supernet/safetensors.ts'
import { openBenchSubject } from '../../../src-main/worker/bench/bench-subject.ts'
import { BenchRunner, runBenchTraceJob } from '../../../src-main/worker/jobs/bench-job.ts'
import { testBackends } from '../../support/backends.ts'

const presets = await loadPresets(fileURLToPath(new URL('../../../resources/presets/', import.meta.url)))
const context = { emit: () => undefined, log: () => undefined, isStopping: () => false }

const jobOf = (preset: string): BenchJob => ({
  ...{ kind: 'bench', config: findPreset(presets, preset).config, outputs: 11, subnet: 'smallest', batch: 2 },
  ...{ work: 'step', budgetMs: 0, leastRepetitions: 2, profiles: true },
})

for (const { name, kernels } of await testBackends()) {
  describe.skipIf(kernels === null)(`bench jobs on ${name}`, () => {
    if (kernels === null) {
      return
    }

    it.each(['micro-pose', 'micro-seg', 'micro-bottom-up'])(
      'repeats what %s asks for and leaves nothing behind',
      async (preset) => {
        const runner = new BenchRunner(kernels)
        await runner.run({ ...jobOf(preset), leastRepetitions: 0 }, context)
        runner.close()
        const before = kernels.liveTensors()
        const { milliseconds, peakMemoryBytes, profile } = await runner.run(jobOf(preset), context)
        expect(milliseconds).toHaveLength(2)
        expect(peakMemoryBytes).toBeGreaterThan(2 ** 20)
        runner.close()
        // Constants of the timed kernels stay, as those of the worker's own do; activations and weights would be hundreds.
        expect(kernels.liveTensors() - before).toBeLessThan(100)
        if (name === 'tensorflow') {
          const inside = profile?.operations.reduce((sum, { milliseconds: spent }) => sum + spent, 0) ?? 0
          expect(inside + (profile?.hostMilliseconds ?? 0)).toBeCloseTo(profile?.milliseconds ?? 0, 6)
          expect(profile?.operations.map((operation) => operation.name)).toContain('FusedBatchNormGradV3')
        } else {
          expect(profile).toBeNull()
        }
      },
    )

    it('runs the deployed network to the same output', () => {
      const subject = openBenchSubject(kernels, jobOf('micro-pose'))
      const output = subject.infer()
      const largest = output.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      subject.inferDeployed().forEach((value, i) => {
        expect(Math.abs(value - (output[i] ?? Number.NaN))).toBeLessThanOrEqual(1e-4 * largest)
      })
      subject.dispose()
    })

    it('writes what it traced', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'bench-trace-'))
      try {
        const file = join(folder, 'network.safetensors')
        const { config, outputs, subnet, batch } = jobOf('micro-pose')
        const job = { kind: 'bench-trace', config, outputs, subnet, batch, steps: 2, file } as const
        const { output, losses } = await runBenchTraceJob(job, kernels)
        expect(output).toHaveLength(2 * 16 * 16 * 11)
        expect(losses[1]).toBeLessThan(losses[0] ?? Number.NaN)
        const { tensors } = decodeSafetensors(readFileSync(file))
        expect(tensors.get('bench.input')?.shape).toEqual([2, 64 * 64, 3])
        expect(tensors.has('conv1.weight')).toBe(true)
      } finally {
        rmSync(folder, { recursive: true })
      }
    })
  })
}
