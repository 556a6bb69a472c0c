import { describe, expect, it } from 'vitest'
import { EngineError } from '../../../src-main/contract/index.ts'
import { parseEvolutionLog } from '../../../src-main/formats/evolution-log.ts'

describe('logs of the reference search', () => {
  it('have free, taken and scored lines', () => {
    const log = parseEvolutionLog(
      'mask_0 25.35 265.5 0.7812\r\nmask_1 Evaluating...\nmask_2\n\n  mask_3  28.5 309.48 0.79  \n',
    )
    expect(log).toEqual({
      records: [
        { name: 'mask_0', line: 1, paramsMillions: 25.35, gigaMacs: 265.5, score: 0.7812 },
        { name: 'mask_3', line: 5, paramsMillions: 28.5, gigaMacs: 309.48, score: 0.79 },
      ],
      unscored: ['mask_1', 'mask_2'],
      problems: [],
      scoreScale: 1,
    })
  })

  it('with scores above 1 are in percent', () => {
    expect(parseEvolutionLog('a 1 2 78.1\nb 1 2 0.5').scoreScale).toBe(100)
  })

  it('lose names that were scored twice, since their file was overwritten', () => {
    const { records, problems } = parseEvolutionLog('a 1 2 0.5\nb 1 2 0.6\na 3 4 0.7')
    expect(records.map(({ name }) => name)).toEqual(['b'])
    expect(problems).toEqual([
      'a has 2 scores (lines 1, 3); which one its file belongs to is unknown, so it is left out',
    ])
  })

  it('of 200,000 lines of one name are read, and the message stays short', { timeout: 60_000 }, () => {
    const { records, problems } = parseEvolutionLog(
      Array.from({ length: 200_000 }, () => 'a 1 2 0.5').join('\n'),
    )
    expect(records).toEqual([])
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(/^a has 200000 scores \(lines 1, 2, .*, 20, …\)/)
  })

  it.each([
    ['a 1 2', /"a 1 2" is neither/],
    ['a 1 2 nan', /is neither/],
    ['a 1 2 0.5 9', /is neither/],
    ['a -1 2 0.5', /is neither/],
    ['a Infinity 2 0.5', /is neither/],
    ['a 1 2 101', /is neither/],
    ['a Evaluated', /is neither/],
    ['../../etc/passwd 1 2 0.5', /"\.\.\/\.\.\/etc\/passwd" is no name/],
    ['.hidden 1 2 0.5', /is no name/],
    ['a\u0000b 1 2 0.5', /is no name/],
  ])('name the line %j, and go on', (line, message) => {
    const { records, problems } = parseEvolutionLog(`${line}\ngood 1 2 0.5`)
    expect(records.map(({ name }) => name)).toEqual(['good'])
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(message)
    expect(problems[0]).toMatch(/^line 1: /)
  })

  it('that no search can have written are refused', () => {
    expect(() => parseEvolutionLog('\n'.repeat(300_000))).toThrow(EngineError)
    expect(() => parseEvolutionLog('a'.repeat(5000))).toThrow(/line 1 has 5000 characters/)
  })
})
