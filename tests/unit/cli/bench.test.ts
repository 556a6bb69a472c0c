import { describe, expect, it } from 'vitest'
import { benchCommand, readBenchRequest } from '../../../src-main/cli/commands/bench.ts'
import { describeBench } from '../../../src-main/cli/describe-bench.ts'
import { readArgs } from '../../../src-main/cli/run-command-line.ts'
import type { BenchReport } from '../../../src-main/engine/bench/bench.types.ts'

const read = (...line: string[]) => readBenchRequest(readArgs('bench', benchCommand, line))

describe('scalenas bench', () => {
  it('measures everything unless parts are chosen', () => {
    expect(read()).toMatchObject({
      networks: ['micro-pose', 'mini-pose', 'pose-w32-256x192'],
      subnets: ['smallest', 'hrnet', 'largest'],
      ...{ backends: ['tensorflow', 'webgpu', 'wasm'], isEveryBackendNeeded: false },
      ...{ threads: [1, 2], batch: null, profiles: false },
    })
    expect(read('--subnet', 'largest,smallest', '--threads', '2,2', '--batch', '4', '--quick')).toMatchObject(
      {
        ...{ subnets: ['smallest', 'largest'], threads: [2], batch: 4, rounds: 3 },
      },
    )
  })

  it.each([
    [['--subnet', 'small'], /--subnet takes smallest, hrnet, largest .*got "small"/],
    [['--backend', 'torch'], /--backend takes tensorflow, webgpu, wasm .*got "torch"/],
    [['--threads', '1,0'], /--threads takes whole numbers from 1 to 64 .*got "1,0"/],
    [['--batch', 'x'], /--batch must be a whole number from 1/],
  ])('refuses %j', (line, message) => {
    expect(() => read(...line)).toThrow(message)
  })

  it('prints machine, times with their spread, profile and what failed', () => {
    const report: BenchReport = {
      machine: {
        ...{ processor: 'Some processor', cores: 2, memoryBytes: 2 ** 34, load: 0.1, platform: 'linux x64' },
        ...{ node: '24.0.0', codeVersion: '0.1.0' },
        backends: [{ name: 'tensorflow', version: '2.18.1', device: 'cpu' }],
      },
      rows: [
        {
          ...{ network: 'mini-pose', subnet: 'largest', work: 'step', backend: 'tensorflow', threads: 1 },
          ...{
            batch: 16,
            gigaFlops: 8,
            gigaFlopsPerSecond: 40,
            imagesPerSecond: 80,
            peakMemoryBytes: 2 ** 29,
          },
          time: { repetitions: 12, medianMs: 200, lowMs: 196, highMs: 204, spread: 0.02 },
          profile: {
            ...{ milliseconds: 210, hostMilliseconds: 10.5 },
            operations: [{ name: 'Conv2D', calls: 100, milliseconds: 60 }],
          },
        },
      ],
      loader: {
        ...{ source: 'pictures', inputHeight: 256, inputWidth: 192 },
        decoding: { imagesPerSecond: 100, imagesPerSecondPerCore: 90 },
        cached: { imagesPerSecond: 400, imagesPerSecondPerCore: 390 },
      },
      evaluations: [
        {
          ...{
            network: 'mini-pose',
            backend: 'tensorflow',
            candidates: 100,
            plainCandidates: 25,
            sameScores: true,
          },
          ...{ plainMs: 300_000, decodeMs: 1000, sharedMs: 200_000, factor: 1.5, factorWithDecoding: 1.99 },
          ...{ countedBound: 1.6, countedBoundWithParents: 1.8, countedFactor: 1.55, parentsMs: 210_000 },
          ...{ sharedPeakBytes: 2 ** 25, keptBytes: 2 ** 27 },
          images: { recalibration: 128, scoring: 200, flipTest: true },
        },
      ],
      failures: [{ what: 'wasm', error: { code: 'MISSING_PART', message: 'no SIMD', details: [] } }],
      seconds: 31,
    }
    expect(describeBench(report)).toMatchInlineSnapshot(`
      "Some processor, 2 cores, 16 GiB, load 0.1
      linux x64, Node 24.0.0, ScaleNAS Studio 0.1.0; tensorflow 2.18.1 on cpu

      network     subnet  work     backend  threads  batch   ms  ± %   n  GFLOP/s  images/s  peak MiB
      mini-pose  largest  step  tensorflow        1     16  200  2.0  12     40.0      80.0       512

      loader, crops of 256 x 192 from pictures
        decoded each time   100 images/s, 90 per core
        pictures in memory  400 images/s, 390 per core

      mini-pose, tensorflow, 1 thread: 100 candidates on 128 + 200 images and their mirror images
        one by one         300.0 s (25 of 100 timed)
        equal parts once   200.0 s, 1.50 times less, 1.55 by multiply-adds; the same scores
        (at most 1.60 by what the generation has in common, 1.80 with all that its parents had; the parents took 210.0 s)
        against images decoded for every candidate, as the reference does, 1.99 times less
        shared values take 32 MiB, kept ones 128 MiB

      mini-pose largest, step, tensorflow, 1 thread: one repetition of 210 ms
        Conv2D               100  60.00 ms  28.6 %
        outside the library       10.50 ms   5.0 %

      not measured: wasm: no SIMD

      Medians with half the distance of the quartiles; GFLOP are those of the convolutions. 31 s"
    `)
  })
})
