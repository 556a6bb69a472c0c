import { describe, expect, it } from 'vitest'
import { readStudyRequest, studyCommand } from '../../../src-main/cli/commands/study.ts'
import { describeStudy } from '../../../src-main/cli/describe-study.ts'
import { readArgs } from '../../../src-main/cli/run-command-line.ts'
import { createStudyProgress, describePart } from '../../../src-main/cli/study-progress.ts'
import type { StudyReport } from '../../../src-main/engine/studies/study.types.ts'

const read = (...line: string[]) => readStudyRequest(readArgs('study', studyCommand, line))

describe('scalenas study', () => {
  it('reads a line and can write it again', () => {
    const line = ['fusion', '--seeds', '3,4', '--budget', 'tiny', '--set', 'teacher.epochs=2']
    expect(read(...line)).toMatchObject({
      ...{ study: 'fusion', seeds: [3, 4], budget: 'tiny', rival: 'uniform', preset: null },
      ...{ overrides: { 'teacher.epochs': 2 }, command: `npx scalenas study ${line.join(' ')}` },
    })
    expect(read('evolution').seeds).toEqual([1, 2, 3])
    expect(read('sampling').seeds).toEqual([1, 2])
  })

  it.each([
    [['nothing'], /NAME must be one of sampling, rank, .*got "nothing"/],
    [['rank', '--seeds', '1,1'], /different whole numbers .*got "1,1"/],
    [['rank', '--seeds', '1,'], /got "1,"/],
    [['rank', '--seeds', '0.5'], /got "0.5"/],
    [['rank', '--budget', 'huge'], /--budget must be one of small, tiny, got "huge"/],
    [['rank', '--set', 'seed=3'], /use --seeds/],
    [['rank', '--set', 'supernet.sampling="uniform"'], /--rival/],
  ])('refuses %j', (line, message) => {
    expect(() => read(...line)).toThrow(message)
  })

  it('shows every finding with its interval and what it stands on', () => {
    const report = {
      ...{ study: 'rank', claim: 'It ranks.', command: 'npx scalenas study rank', preset: 'micro-pose' },
      ...{ seeds: [1], seconds: 61.2, notes: ['One seed.'], protocols: [] },
      findings: [
        {
          ...{ measure: 'tau', group: 'all', seed: 1, value: 0.5, samples: 20 },
          interval: { low: 0.25, high: 0.75 },
        },
        { measure: 'mean MACs', group: '', seed: null, value: 5_250_000, interval: null, samples: 9 },
        { measure: 'tau', group: 'none', seed: 1, value: null, interval: null, samples: 1 },
      ],
    } as unknown as StudyReport
    expect(describeStudy(report)).toMatchInlineSnapshot(`
      "claim: It ranks.

      measure    group  seed     value    95 % interval   n
      tau          all     1    0.5000  0.2500 … 0.7500  20
      mean MACs          all  5.250e+6                -   9
      tau         none     1         -                -   1

      One seed.
      micro-pose, seeds 1, no score of 0 search images, no backend, 61 s
      npx scalenas study rank"
    `)
  })

  it('tells the time that a part still takes, from its own pace', () => {
    const part = { part: 'teacher, seed 1', done: 300, total: 900 }
    expect(describePart(part, { startedFrom: 100, milliseconds: 10_000 })).toBe(
      'teacher, seed 1: 300 of 900, 30 s left',
    )
    expect(describePart(part, { startedFrom: 300, milliseconds: 0 })).toBe('teacher, seed 1: 300 of 900')
  })

  it('writes a line at every new part, and every five seconds within one', () => {
    const lines: string[] = []
    let now = 0
    const progress = createStudyProgress(
      { out: () => undefined, err: (line) => lines.push(line), isInteractive: false },
      () => now,
    )
    for (const [part, time] of [
      ['a', 0],
      ['a', 4000],
      ['b', 4100],
      ['b', 9200],
    ] as const) {
      now = time
      progress.show({ part, done: 1, total: 2 })
    }
    expect(lines.map((line) => line.split(':')[0])).toEqual(['a', 'b', 'b'])
  })
})
