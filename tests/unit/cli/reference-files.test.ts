import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Command } from '../../../src-main/cli/command-line.ts'
import { exportCommand } from '../../../src-main/cli/commands/export.ts'
import { forwardCommand } from '../../../src-main/cli/commands/forward.ts'
import { importCommand } from '../../../src-main/cli/commands/import.ts'
import { inspectCommand } from '../../../src-main/cli/commands/inspect.ts'
import { resumeCommand, runsCommand, showCommand, stopCommand } from '../../../src-main/cli/commands/runs.ts'
import type { RunDetails } from '../../../src-main/contract/index.ts'
import { runCommandLine } from '../../../src-main/cli/run-command-line.ts'
import { encodeMaskNpy } from '../../../src-main/formats/mask-npy.ts'
import { encodeNpyHeader } from '../../../src-main/formats/npy.ts'
import { hrnetGenotype, largestGenotype, smallestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { toOfficialMask } from '../../../src-main/nas/official-mask.ts'
import { officialSpace } from '../../../src-main/nas/search-space.ts'
import { createTemporaryFolder, RESOURCES_FOLDER } from '../../support/engine-core.ts'
import { pickle } from '../../support/make-pth.ts'
import { goldenPath, hasShared, readGoldenJson } from '../../support/read-npz.ts'

const COMMANDS: Record<string, Command> = {
  inspect: inspectCommand,
  forward: forwardCommand,
  import: importCommand,
  runs: runsCommand,
  show: showCommand,
  resume: resumeCommand,
  stop: stopCommand,
  export: exportCommand,
}
const space = officialSpace('segmentation')

describe('commands that read files of the reference release', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let out: string[]
  let err: string[]
  beforeEach(() => {
    folder = createTemporaryFolder()
    out = []
    err = []
  })
  afterEach(() => {
    folder.remove()
  })

  const path = (name: string): string => join(folder.folder, name)
  const run = (...args: string[]): Promise<number> =>
    runCommandLine(COMMANDS, args, {
      parts: {
        workerEntry: new URL('../../support/fake-worker.ts', import.meta.url),
        resourcesFolder: RESOURCES_FOLDER,
        rendererFolder: new URL('file:///nowhere/'),
        projectRoot: new URL('../../../', import.meta.url),
        codeVersion: '1.2.3',
      },
      terminal: { out: (text) => out.push(text), err: (text) => err.push(text), isInteractive: false },
      interrupted: new AbortController().signal,
    })
  const json = (): unknown => JSON.parse(out[0] ?? '')

  describe('inspect', () => {
    it('counts a .npy genotype as it counts the same one by name', async () => {
      // Source: self-test table of method.md 4.2.
      writeFileSync(path('hrnet.npy'), encodeMaskNpy(toOfficialMask(space, hrnetGenotype(space))))
      expect(
        await run('inspect', path('hrnet.npy'), '--task', 'segmentation', '--width', '48', '--json'),
      ).toBe(0)
      expect(json()).toMatchObject({
        ...{ valid: true, id: 'fcc894238a06', params: 65_859_379, macs: 747_513_053_184, warnings: [] },
      })
    })

    it.skipIf(!hasShared)(
      'gives one id for the two forms of the golden genotype (needs ../shared)',
      async () => {
        const options = ['--task', 'pose', '--width', '8', '--json']
        expect(await run('inspect', goldenPath('evolution/official_mask_sample.npy'), ...options)).toBe(0)
        const { genome } = readGoldenJson<{ genome: object }>('evolution/official_mask_sample.json')
        writeFileSync(path('genome.json'), JSON.stringify(genome))
        expect(await run('inspect', path('genome.json'), ...options)).toBe(0)
        expect(JSON.parse(out[0] ?? '')).toEqual(JSON.parse(out[1] ?? ''))
      },
    )

    it('refuses a pickle that calls something, by name', async () => {
      const attack = pickle.call(pickle.global('posix', 'system'), pickle.tuple(pickle.text('touch pwned')))
      writeFileSync(path('evil.npy'), Buffer.concat([encodeNpyHeader('|O', [8]), pickle.file(attack)]))
      expect(await run('inspect', path('evil.npy'), '--task', 'pose')).toBe(2)
      expect(err.join()).toMatch(/evil\.npy is no genotype: pickle: refuses "posix\.system"/)
      expect(out).toEqual([])
    })

    it('names what does not fit the space', async () => {
      const [first, ...rest] = toOfficialMask(space, largestGenotype(space))
      const broken = [{ d: [7, ...(first?.d.slice(1) ?? [])], f: first?.f ?? [] }, ...rest]
      writeFileSync(path('deep.npy'), encodeMaskNpy(broken))
      expect(await run('inspect', path('deep.npy'), '--task', 'segmentation', '--json')).toBe(2)
      expect(json()).toMatchObject({ valid: false, problems: [{ code: 'DEPTH' }] })
    })
  })

  describe('forward', () => {
    const files = ['--input-npy', 'in.npy', '--weights', 'w.pth', '--output-npy', 'out.npy']
    it.each([
      [['--task', 'pose', '--genotype', 'largest'], /--input-npy is missing/],
      [[...files, '--task', 'pose'], /--genotype is missing/],
      [[...files, '--genotype', 'largest'], /--task must be one of pose, segmentation, bottom-up-pose/],
      [[...files, '--task', 'pose', '--genotype', 'huge'], /"huge" is no genotype/],
      [
        [...files, '--task', 'pose', '--genotype', 'largest', '--backend', 'abacus'],
        /--backend must be one of auto, tensorflow, webgpu, wasm/,
      ],
      [
        [...files, '--task', 'pose', '--genotype', 'largest', '--width', '0'],
        /--width must be a whole number from 1/,
      ],
    ])('answers %j with exit code 2 and what is missing or allowed', async (args, message) => {
      expect(await run('forward', ...args)).toBe(2)
      expect(err.join()).toMatch(message)
      expect(out).toEqual([])
    })
  })

  describe('import', () => {
    const options = ['--task', 'segmentation', '--dry-run', '--json']

    it('gives candidates with our cost and says where the log prints another', async () => {
      writeFileSync(path('mask_0.npy'), encodeMaskNpy(toOfficialMask(space, smallestGenotype(space))))
      writeFileSync(path('mask_1.npy'), encodeMaskNpy(toOfficialMask(space, largestGenotype(space))))
      copyFileSync(path('mask_1.npy'), path('mask_4.npy'))
      writeFileSync(
        path('queue.txt'),
        [
          'mask_0 13.857 200.7 0.71',
          'mask_1 47.85 300 0.79',
          'mask_2 Evaluating...',
          'mask_3 1 1 0.5',
          'mask_4 47.85 469.8 0.8',
        ].join('\n'),
      )
      expect(await run('import', path('queue.txt'), ...options)).toBe(0)
      const imported = json() as { candidates: object[]; leftOut: string[]; unscored: string[] }
      expect(imported.candidates).toMatchObject([
        {
          ...{
            name: 'mask_0',
            genotypeId: '87f317adf70f',
            accuracy: 0.71,
            protocol: 'imported',
            warnings: [],
          },
          ...{ params: 13_857_491, macs: 215_507_533_824 },
        },
        {
          ...{ name: 'mask_1', genotypeId: '8f80e43e72f3', macs: 504_402_804_736 },
          warnings: [
            'the log says 300 multiply-adds / 2^30, ours are 469.762; check width, input and outputs',
          ],
        },
      ])
      expect(imported.unscored).toEqual(['mask_2'])
      expect(imported.leftOut).toHaveLength(2)
      expect(imported.leftOut[0]).toMatch(/^mask_3: .*no such file/)
      expect(imported.leftOut[1]).toBe('mask_4: the same architecture as mask_1')
    })

    describe('into the data folder', { timeout: 30_000 }, () => {
      const stored = ['--task', 'segmentation', '--json', '--data']
      const importQueue = async (lines: readonly string[]) => {
        writeFileSync(path('mask_0.npy'), encodeMaskNpy(toOfficialMask(space, smallestGenotype(space))))
        writeFileSync(path('mask_1.npy'), encodeMaskNpy(toOfficialMask(space, largestGenotype(space))))
        writeFileSync(path('queue.txt'), lines.join('\n'))
        out = []
        expect(await run('import', path('queue.txt'), ...stored, path('data')), err.join()).toBe(0)
        return (json() as { run: { id: string; isNew: boolean } }).run
      }
      const LINES = ['mask_0 13.857 200.7 0.71', 'mask_1 47.85 300 0.79', 'mask_2', 'mask_3 damaged']

      it('is a run of its own, once for one content, that shows its candidates and what is wrong', async () => {
        const first = await importQueue(LINES)
        expect(first).toMatchObject({ isNew: true })
        expect(await importQueue(LINES)).toEqual({ ...first, isNew: false })
        const other = await importQueue(['mask_0 13.857 200.7 0.72'])
        expect(other.id).not.toBe(first.id)

        out = []
        expect(await run('runs', '--json', '--data', path('data'))).toBe(0)
        expect(json()).toHaveLength(2)
        out = []
        expect(await run('show', first.id, '--json', '--data', path('data'))).toBe(0)
        const shown = json() as { front: object[]; hypervolume: number; protocol: object; run: RunDetails }
        expect(shown.front).toMatchObject([
          { genotypeId: '87f317adf70f', accuracy: 0.71, macs: 215_507_533_824, params: 13_857_491 },
          { genotypeId: '8f80e43e72f3', accuracy: 0.79, macs: 504_402_804_736 },
        ])
        // Method.md 7.5: each front member's gain times the share of the reference cost beyond it, R = 1.01 of the largest.
        const reference = 1.01 * 504_402_804_736
        const expected =
          (0.71 * (reference - 215_507_533_824) + 0.08 * (reference - 504_402_804_736)) / reference
        expect(shown.hypervolume).toBeCloseTo(expected, 12)
        expect(shown.protocol).toMatchObject({ split: 'imported', backend: 'not recorded' })
        expect(shown.run).toMatchObject({ preset: 'imported', status: 'completed', candidates: 2 })
        expect(shown.run.imported).toMatchObject({ outputs: 19, unscored: ['mask_2'] })
        expect(shown.run.imported?.warnings).toEqual([
          'mask_1: the log says 300 multiply-adds / 2^30, ours are 469.762; check width, input and outputs',
        ])
        expect(shown.run.imported?.leftOut.join()).toMatch(/line 4: .*mask_3 damaged/)
        const claims = shown.run.configSources.filter(({ kind }) => kind !== 'unused')
        expect(new Set(claims.map((claim) => claim.path.split('.')[0]))).toEqual(
          new Set(['preset', 'task', 'space', 'network']),
        )
        out = []
        expect(await run('show', first.id, '--data', path('data'))).toBe(0)
        expect(out[0]).toMatch(/cannot be resumed, trained or exported\nwarning: mask_1: the log says 300/)
      })

      it('cannot be resumed or exported, and says why; its candidates can be inspected', async () => {
        const { id } = await importQueue(LINES)
        for (const command of [
          ['resume', id],
          ['stop', id],
          ['export', `${id}:1`, '--format', 'safetensors', '--out', path('out')],
        ]) {
          err = []
          expect(await run(...command, '--data', path('data')), command[0]).not.toBe(0)
          expect(err.join()).toMatch(
            /is imported from .*queue\.txt: it has scores but no data and no weights/,
          )
        }
        out = []
        expect(await run('inspect', `${id}:2`, '--json', '--data', path('data'))).toBe(0)
        expect(json()).toMatchObject({ macs: 504_402_804_736 })
      })
    })

    it('fails when nothing can be imported, and refuses a log that is not there', async () => {
      writeFileSync(path('empty.txt'), 'mask_0\n')
      expect(await run('import', path('empty.txt'), ...options)).toBe(1)
      out = []
      expect(await run('import', path('gone.txt'), ...options)).toBe(2)
      expect(err.join()).toMatch(/gone\.txt cannot be read/)
    })
  })
})
