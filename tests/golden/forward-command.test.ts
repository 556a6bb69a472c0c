import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ForwardJob } from '../../src-main/contract/index.ts'
import { decodeFloatNpy, encodeFloatNpy } from '../../src-main/formats/npy.ts'
import { supernetParameters } from '../../src-main/nas/network-plan.ts'
import { officialSpace, OFFICIAL_DEPTHS, OFFICIAL_LAYOUT } from '../../src-main/nas/search-space.ts'
import { encodeSafetensors } from '../../src-main/supernet/safetensors.ts'
import { runForwardJob } from '../../src-main/worker/jobs/forward-job.ts'
import { testBackends } from '../support/backends.ts'
import { formulaWeights, symmetric } from '../support/formula-weights.ts'
import { deviation } from '../support/golden-network.ts'
import type { GoldenNetwork } from '../support/golden-network.ts'
import { goldenPath, hasShared, readGoldenJson, readNpz } from '../support/read-npz.ts'

/** Stated in the sets; PyTorch's own float32 run is up to 1e-6 off. */
const TOLERANCE = 2e-5

describe.skipIf(!hasShared)('the forward job against the reference (needs ../shared)', async () => {
  const backends = await testBackends()
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'scalenas-forward-'))
  })
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  /** Weights and images as files, in the way that a PyTorch user writes them. */
  function writeFiles(golden: GoldenNetwork): ForwardJob {
    const task = golden.task === 'seg' ? 'segmentation' : 'pose'
    const [, , inputHeight, inputWidth] = golden.input.shape
    const published = { stemChannels: 64, layer1Blocks: 4, layer1Planes: 64 }
    const shape = {
      task,
      baseWidth: golden.width,
      ...published,
      inputHeight,
      inputWidth,
      outputs: golden.outputs,
    } as const
    const weights = formulaWeights(
      supernetParameters(officialSpace(task), shape),
      golden.weightSeed,
      golden.weightRecipe,
    )
    const { seed, name, shape: inputShape, bound } = golden.input
    const size = inputShape.reduce((a, b) => a * b, 1)
    const files = {
      inputFile: join(folder, 'in.npy'),
      weightsFile: join(folder, 'weights.safetensors'),
      outputFile: join(folder, 'out.npy'),
    }
    // Images in N, C, H, W, as the formula states them.
    writeFileSync(
      files.inputFile,
      encodeFloatNpy({ shape: inputShape, values: symmetric(seed, name, size, bound) }),
    )
    writeFileSync(files.weightsFile, encodeSafetensors(weights))
    return {
      kind: 'forward',
      task,
      space: {
        layout: OFFICIAL_LAYOUT.map(([branches, modules]) => [branches, modules]),
        depthChoices: [...OFFICIAL_DEPTHS],
        evolveLastModule: false,
      },
      genotype: golden.genome,
      baseWidth: golden.width,
      outputs: golden.outputs,
      hasHrnetNames: false,
      upFusion: 'nearest',
      ...files,
    }
  }

  for (const { name: backend, kernels } of backends) {
    it.skipIf(kernels === null).each(['pose_a', 'pose_b', 'seg_a', 'seg_b'])(
      `gives the output of %s from files on ${backend}`,
      async (set) => {
        if (kernels === null) {
          return
        }
        const golden = readGoldenJson<GoldenNetwork>(`forward/${set}.json`)
        const want = readNpz(goldenPath(`forward/${set}.npz`))['output']
        const before = kernels.liveTensors()
        const job = writeFiles(golden)
        const result = await runForwardJob(
          job,
          { backend: { kernels, refused: [] }, loaderThreadUrl: new URL('file:///unused'), threads: 1 },
          { emit: () => undefined, log: () => undefined, isStopping: () => false },
        )
        const got = decodeFloatNpy(readFileSync(job.outputFile))
        expect(got.shape).toEqual(want?.shape)
        expect(result).toMatchObject({ shape: want?.shape, backend, unknownNames: [], absentUnused: 0 })
        expect(deviation(got.values, want?.data as Float32Array)).toBeLessThanOrEqual(TOLERANCE)
        // The native backend keeps a handful of constants; a network left behind would be hundreds of tensors.
        expect(kernels.liveTensors() - before).toBeLessThan(20)
      },
    )
  }
})
