import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTemporaryFolder } from '../support/engine-core.ts'

const ENTRY = join(import.meta.dirname, '../../src-main/cli/main.ts')
/** Real training of a real network, only short; one thread, so that sums have one order. */
const SHORT = [
  ...[
    'compute.trainThreads=1',
    'dataset.drawn.train=96',
    'dataset.drawn.search=24',
    'dataset.drawn.report=24',
  ],
  ...['teacher.epochs=2', 'supernet.epochs=4', 'supernet.checkpointEvery=4', 'search.initial=15'],
  ...['search.generations=1', 'search.perGeneration=4', 'search.workers=2'],
].flatMap((setting) => ['--set', setting])

interface Ended {
  readonly code: number | null
  readonly json: Record<string, unknown>
  readonly err: string
}

describe('scalenas run, with the real worker', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let undisturbed: Ended
  beforeAll(async () => {
    folder = createTemporaryFolder()
    undisturbed = await call(['run', 'micro-pose', ...SHORT])
  }, 300_000)
  afterAll(() => {
    folder.remove()
  })

  /** Runs the command line; at the first line of stderr that matches `interruptAt`, Ctrl+C is sent. */
  function call(args: readonly string[], interruptAt?: RegExp): Promise<Ended> {
    const child = spawn(process.execPath, [ENTRY, ...args, '--json', '--data', join(folder.folder, 'data')])
    let out = ''
    let err = ''
    let hasInterrupted = false
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString()
      if (interruptAt?.test(err) === true && !hasInterrupted) {
        hasInterrupted = true
        child.kill('SIGINT')
      }
    })
    return new Promise((resolve, reject) => {
      child.once('close', (code) => {
        try {
          resolve({ code, err, json: JSON.parse(out) as Record<string, unknown> })
        } catch {
          reject(new Error(`no JSON on stdout (exit code ${String(code)}): ${out}\n${err}`))
        }
      })
    })
  }

  /** What the same seed must give again, whatever happened in between. */
  function frontOf({ json }: Ended) {
    const front = json['front'] as readonly Record<string, unknown>[]
    return front.map(({ genotypeId, accuracy, macs, report }) => ({ genotypeId, accuracy, macs, report }))
  }

  it('ends with a front, its scores on the report split, and baselines', () => {
    expect(undisturbed.code, undisturbed.err).toBe(0)
    expect(undisturbed.json).toMatchObject({ status: 'completed', error: null })
    expect(frontOf(undisturbed).length).toBeGreaterThan(0)
    expect(frontOf(undisturbed).every((member) => member.report !== null)).toBe(true)
    expect(undisturbed.json['baselines']).not.toEqual([])
  })

  it('gives the same front again from the same seed', async () => {
    const again = await call(['run', 'micro-pose', ...SHORT])
    expect(frontOf(again)).toEqual(frontOf(undisturbed))
  })

  it('stops at Ctrl+C after a checkpoint with exit code 130, and resumes to the same front', async () => {
    const stopped = await call(['run', 'micro-pose', ...SHORT], /\d+% supernet/)
    expect(stopped.code).toBe(130)
    expect(stopped.json).toMatchObject({ status: 'stopped' })
    const resumed = await call(['resume', String(stopped.json['runId'])])
    expect(resumed.code, resumed.err).toBe(0)
    expect(frontOf(resumed)).toEqual(frontOf(undisturbed))
  })
})
