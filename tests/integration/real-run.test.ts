import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { nativeKernels } from '../support/native-kernels.ts'
import { hasShared, sharedPath } from '../support/read-npz.ts'
import { childrenOf, readRunId, runCli, startCli } from '../support/run-cli.ts'
import { canMountSmallDisk, keepDiskFull, mountSmallDisk } from '../support/small-disk.ts'

/** Real workers on real (drawn and photographed) images, through the command line, with configurations of some seconds. */

const folders: string[] = []
const dataFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'scalenas-run-'))
  folders.push(folder)
  return folder
}
afterAll(() => {
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true })
  }
})

const SMALL = [
  'dataset.drawn.train=64',
  'dataset.drawn.search=24',
  'dataset.drawn.report=24',
  'dataset.searchLimit=24',
  'dataset.reportLimit=24',
  'teacher.epochs=3',
  'teacher.checkpointEvery=4',
  'supernet.epochs=6',
  'supernet.checkpointEvery=4',
  'search.initial=15',
  'search.generations=2',
  'search.perGeneration=5',
  'search.recalibrationBatches=2',
  'search.recalibrationBatchSize=8',
]

const set = (...pairs: readonly string[]): string[] => pairs.flatMap((pair) => ['--set', pair])

interface RunResult {
  readonly runId: string
  readonly status: string
  readonly backend: string
  readonly hypervolume: number
  readonly front: readonly { readonly genotypeId: string; readonly accuracy: number; readonly macs: number }[]
  readonly baselines: readonly { readonly name: string; readonly metrics: Readonly<Record<string, number>> }[]
  readonly reportScores: readonly unknown[]
  readonly references: readonly { readonly name: string; readonly split: string }[]
  readonly referenceGaps: readonly unknown[]
}

const parse = (stdout: string): RunResult => JSON.parse(stdout) as RunResult
const points = ({ front }: RunResult): readonly (readonly [string, number])[] =>
  front.map((point) => [point.genotypeId, point.accuracy] as const)

/** What the small pose run gives when nothing disturbs it; measured once, compared with the disturbed ones. */
let undisturbedRun: Promise<RunResult> | null = null
const undisturbed = (): Promise<RunResult> => (undisturbedRun ??= smallPoseRun('wasm'))

async function smallPoseRun(backend: string): Promise<RunResult> {
  const { code, stdout, stderr } = await runCli([
    'run',
    'micro-pose',
    '--json',
    '--data',
    dataFolder(),
    ...set(...SMALL, `compute.backend=${backend}`),
  ])
  expect(code, stderr).toBe(0)
  return parse(stdout)
}

describe('a whole run with real workers', () => {
  it('gives a front, baselines and report scores, and the same ones again from the same seed', async () => {
    const first = await undisturbed()
    expect(first.status).toBe('completed')
    expect(first.backend).toBe('wasm')
    expect(first.front.length).toBeGreaterThan(0)
    expect(first.reportScores.length).toBeGreaterThan(0)
    expect(first.references.map(({ name, split }) => `${name}, ${split}`)).toEqual([
      'teacher, search',
      'teacher, report',
    ])
    expect(first.referenceGaps).toHaveLength(2)
    expect(first.baselines.map(({ name }) => name)).toContain('mean pose')
    const macs = first.front.map((point) => point.macs)
    expect(macs).toEqual(macs.toSorted((a, b) => a - b))

    const second = await smallPoseRun('wasm')
    expect(points(second)).toEqual(points(first))
    expect(second.hypervolume).toBe(first.hypervolume)
  })

  it.skipIf(nativeKernels() === null)(
    'is repeatable on the native backend too (needs the native part)',
    async () => {
      const [first, second] = [await smallPoseRun('tensorflow'), await smallPoseRun('tensorflow')]
      expect(first.backend).toBe('tensorflow')
      expect(points(second)).toEqual(points(first))
    },
  )

  it('another seed gives another front', async () => {
    const { code, stdout } = await runCli([
      ...['run', 'micro-pose', '--json', '--seed', '2', '--data', dataFolder()],
      ...set(...SMALL, 'compute.backend=wasm'),
    ])
    expect(code).toBe(0)
    expect(points(parse(stdout))).not.toEqual(points(await undisturbed()))
  })

  it.skipIf(process.platform !== 'linux')(
    'survives kill -9 of its worker and of its engine and ends with the undisturbed front (Linux: /proc)',
    async () => {
      const data = dataFolder()
      const training = startCli([
        ...['run', 'micro-pose', '--json', '--data', data],
        ...set(...SMALL, 'compute.backend=wasm'),
      ])
      await training.waitForStderr(/supernet iteration \d+/)
      for (const pid of childrenOf(training.child.pid ?? 0)) {
        process.kill(pid, 'SIGKILL')
      }
      const interrupted = await training.done
      expect(interrupted.code).toBe(1)
      const { runId, status } = parse(interrupted.stdout)
      expect(status).toBe('interrupted')

      const searching = startCli(['resume', runId, '--json', '--data', data])
      await searching.waitForStderr(/generation [01] of/)
      searching.child.kill('SIGKILL')
      await searching.done

      const { code, stdout, stderr } = await runCli(['resume', runId, '--json', '--data', data])
      expect(code, stderr).toBe(0)
      const resumed = parse(stdout)
      expect(resumed.status).toBe('completed')
      expect(points(resumed)).toEqual(points(await undisturbed()))
    },
  )

  it('trains and searches label maps', async () => {
    const { code, stdout, stderr } = await runCli([
      ...['run', 'micro-seg', '--json', '--data', dataFolder()],
      ...set(...SMALL, 'compute.backend=wasm'),
    ])
    expect(code, stderr).toBe(0)
    const result = parse(stdout)
    expect(result.front.length).toBeGreaterThan(0)
    expect(result.baselines[0]?.name).toContain('most frequent class')
  })
})

describe.skipIf(!hasShared)('a run on photographs (needs ../shared)', () => {
  const real = [
    'dataset.searchLimit=12',
    'dataset.reportLimit=12',
    'teacher.epochs=0.02',
    'supernet.epochs=0.02',
    'search.initial=15',
    'search.generations=0',
    'search.recalibrationBatches=1',
    'compute.backend=wasm',
  ]
  for (const [preset, folder] of [
    ['micro-pose', 'lspet_crowdpose14'],
    ['micro-pose', 'coco_person_mini'],
    ['micro-seg', 'camvid'],
  ] as const) {
    it(`${preset} on ${folder}`, async () => {
      const { code, stdout, stderr } = await runCli([
        ...['run', preset, '--json', '--data', dataFolder(), '--dataset', sharedPath(`data/${folder}`)],
        ...set(...real),
      ])
      expect(code, stderr).toBe(0)
      expect(parse(stdout).status).toBe('completed')
    })
  }
})

describe('bad input', () => {
  it('names a dataset folder that is not there, before the run, with exit code 2', async () => {
    const { code, stderr } = await runCli([
      ...['run', 'micro-pose', '--json', '--data', dataFolder(), '--dataset', '/no/such/folder'],
    ])
    expect(code).toBe(2)
    expect(stderr).toContain('/no/such/folder')
  })

  it('reports a loss that is no longer a number by name, and the run as failed', async () => {
    const { code, stdout } = await runCli([
      ...['run', 'micro-pose', '--json', '--data', dataFolder()],
      ...set(
        ...SMALL,
        'compute.backend=wasm',
        'teacher.optimizer.kind=sgd',
        'teacher.optimizer.learningRate=10',
      ),
      ...set('teacher.epochs=30', 'teacher.optimizer.momentum=0.99', 'teacher.optimizer.weightDecay=1'),
    ])
    expect(code).toBe(1)
    expect(stdout).toContain('NUMERIC')
  })

  it.skipIf(!canMountSmallDisk())(
    'names a disk that is full at a checkpoint, keeps what is stored, and goes on when there is room (root: tmpfs)',
    async () => {
      const data = dataFolder()
      const unmount = mountSmallDisk(data, 24)
      try {
        const filler = join(data, 'filler')
        const args = ['run', 'micro-pose', '--json', '--data', data, ...set(...SMALL, 'compute.backend=wasm')]
        const running = startCli(args)
        await running.waitForStderr(/teacher iteration \d+/)
        const filling = keepDiskFull(filler)
        const full = await running.done
        filling.stop()
        expect(full.code).toBe(1)
        expect(full.stdout + full.stderr).toMatch(/disk is full/)
        const { runId, status } = parse(full.stdout)
        expect(status).toBe('interrupted')

        rmSync(filler)
        const { code, stdout, stderr } = await runCli(['resume', runId, '--json', '--data', data])
        expect(code, stderr).toBe(0)
        expect(points(parse(stdout))).toEqual(points(await undisturbed()))
      } finally {
        unmount()
      }
    },
  )

  it.skipIf(!canMountSmallDisk())(
    'waits where not even the ending finds room, says how much is missing, and ends at Ctrl+C (root: tmpfs)',
    async () => {
      const data = dataFolder()
      const unmount = mountSmallDisk(data, 24)
      try {
        const filler = join(data, 'filler')
        const args = ['run', 'micro-pose', '--data', data, ...set(...SMALL, 'compute.backend=wasm')]
        const running = startCli(args)
        await running.waitForStderr(/teacher iteration \d+/)
        const filling = keepDiskFull(filler, { leftBytes: 0 })
        await running.waitForStderr(/waits for space/)
        running.child.kill('SIGINT')
        const { code, stderr } = await running.done
        filling.stop()
        expect(code, stderr).toBe(130)
        expect(stderr).toMatch(/MB are free, about [\d.]+ MB are needed/)

        rmSync(filler)
        const runId = readRunId(stderr) ?? ''
        const resumed = await runCli(['resume', runId, '--json', '--data', data])
        expect(resumed.code, resumed.stderr).toBe(0)
        expect(points(parse(resumed.stdout))).toEqual(points(await undisturbed()))
      } finally {
        unmount()
      }
    },
  )
})

describe.skipIf(process.platform === 'win32')('a closed terminal', () => {
  it('ends a run in order: checkpoint, status, lock, exit code 130; a resume gives the undisturbed front', async () => {
    const data = dataFolder()
    const args = ['run', 'micro-pose', '--data', data, ...set(...SMALL, 'compute.backend=wasm')]
    const running = startCli(args)
    await running.waitForStderr(/teacher iteration \d+/)
    // The terminal tells the whole group, and the wrapper tells its child once more.
    running.child.kill('SIGHUP')
    running.child.kill('SIGHUP')
    const { code, stderr } = await running.done
    expect(code, stderr).toBe(130)
    expect(stderr).toContain('stopping after a checkpoint')
    const runId = readRunId(stderr) ?? ''
    const shown = await runCli(['show', runId, '--json', '--data', data])
    expect(parse(shown.stdout).status).toBe('stopped')
    const resumed = await runCli(['resume', runId, '--json', '--data', data])
    expect(points(parse(resumed.stdout))).toEqual(points(await undisturbed()))
  })
})
