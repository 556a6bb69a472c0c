import { describe, expect, it } from 'vitest'
import { RUN_STATUSES } from '../../../../src-main/contract/index.ts'
import { mainMetric } from '../../../../src-renderer/lib/main-metric.ts'
import { matchCommands } from '../../../../src-renderer/lib/match-commands.ts'
import { newRunId } from '../../../../src-renderer/lib/new-run-id.ts'
import { partMetrics } from '../../../../src-renderer/lib/part-metrics.ts'
import { runColorToken, statusWord } from '../../../../src-renderer/lib/run-status.ts'
import { defaultRunTab } from '../../../../src-renderer/lib/run-tabs.ts'
import { runTrouble } from '../../../../src-renderer/lib/run-trouble.ts'
import { runIdSchema } from '../../../../src-main/contract/index.ts'
import { sampleDetails, sampleSummary } from '../support/sample-run.ts'

describe('words of a run', () => {
  it('chips read as people say it, and a failure names its cause', () => {
    expect(RUN_STATUSES.map((status) => statusWord({ status, error: null }))).toEqual([
      'waiting',
      'running',
      'paused',
      'done',
      'failed',
      'stopped',
      'interrupted',
    ])
    expect(statusWord({ status: 'failed', error: { code: 'OUT_OF_MEMORY', message: '', details: [] } })).toBe(
      'out of memory',
    )
  })

  it('colours repeat after eight runs', () => {
    expect([0, 7, 8].map(runColorToken)).toEqual(['run-1', 'run-8', 'run-1'])
  })

  it('shows what is happening unless a tab was chosen', () => {
    const tab = (changes: object) => defaultRunTab(sampleSummary(changes))
    expect(tab({ phase: 'teacher' })).toBe('charts')
    expect(tab({ phase: 'search' })).toBe('search')
    expect(tab({ status: 'interrupted' })).toBe('overview')
    expect(defaultRunTab(null)).toBe('overview')
  })
})

describe('runTrouble', () => {
  it('is nothing while a run goes on or has ended well', () => {
    expect(runTrouble(sampleDetails())).toBeNull()
    expect(runTrouble(sampleDetails({ status: 'completed' }))).toBeNull()
  })

  it('an interrupted run says what is kept, its last output and the way on', () => {
    const trouble = runTrouble(
      sampleDetails({
        status: 'interrupted',
        candidates: 12,
        error: {
          code: 'WORKER_DIED',
          message: 'The worker was killed by SIGKILL',
          details: ['line 1', 'line 2'],
        },
        checkpoints: [
          {
            ...{ phase: 'supernet', iteration: 84, bytes: 1, createdAt: 0, file: 'x' },
            ...{ weightsSha256: null, optimizerSha256: null },
          },
        ],
      }),
    )
    expect(trouble).toMatchObject({
      tone: 'warn',
      title: 'The worker was killed by SIGKILL',
      lastOutput: ['line 1', 'line 2'],
      wayOn: 'Resume',
    })
    expect(trouble?.text).toContain(
      '12 candidates are kept. The last checkpoint is iteration 84 of the super-network.',
    )
  })

  it('out of memory offers what needs less', () => {
    const trouble = runTrouble(
      sampleDetails({ status: 'failed', error: { code: 'OUT_OF_MEMORY', message: 'batch 16', details: [] } }),
    )
    expect(trouble?.tone).toBe('bad')
    expect(trouble?.text).toMatch(/smaller batch than \d+/)
  })
})

describe('metrics', () => {
  it('finds the accuracy of either task', () => {
    expect(mainMetric({ pck: 0.4, scoredJoints: 12 })).toBe(0.4)
    expect(mainMetric({ pixelAccuracy: 0.8, meanIou: 0.3 })).toBe(0.3)
    expect(mainMetric({ other: 1 })).toBeNull()
  })

  it('joins left and right joints and keeps the order of the skeleton', () => {
    const skeleton = {
      name: 's',
      joints: ['left hip', 'right hip', 'neck'],
      edges: [],
      flipPairs: [],
      sides: [],
      sigmas: [],
    }
    const dataset = { ...DATASET, skeleton }
    const parts = partMetrics({ 'joint left hip': 0.2, 'joint right hip': 0.4, 'joint neck': 1 }, dataset)
    expect(parts.map(({ name, value }) => [name, Number(value.toFixed(6))])).toEqual([
      ['hip', 0.3],
      ['neck', 1],
    ])
  })
})

describe('matchCommands', () => {
  const command = (title: string, hint = '') => ({
    id: title,
    group: '',
    title,
    hint,
    icon: 'info' as const,
    run: () => undefined,
  })

  it('needs every word, in any order, and puts beginnings first', () => {
    const commands = [command('Start the demo'), command('demo', 'done'), command('Doctor')]
    expect(matchCommands(commands, 'demo').map((found) => found.title)).toEqual(['demo', 'Start the demo'])
    expect(matchCommands(commands, 'the start').map((found) => found.title)).toEqual(['Start the demo'])
    expect(matchCommands(commands, '')).toHaveLength(3)
  })
})

describe('newRunId', () => {
  it('is always a run id of the contract, and another one each time', () => {
    const ids = Array.from({ length: 200 }, newRunId)
    expect(ids.every((id) => runIdSchema.safeParse(id).success)).toBe(true)
    expect(new Set(ids).size).toBe(200)
  })
})

const DATASET = {
  name: 'd',
  format: 'drawn',
  task: 'pose',
  path: null,
  fingerprint: '',
  splits: { train: 1, search: 1, report: 1 },
  classes: null,
  found: [],
  leftOut: [],
  warnings: [],
} as const
