import { expect, it } from 'vitest'
import { alternate } from '../../../../src-main/engine/bench/alternate.ts'

it('opens every contender first, then lets them take turns, every other round backwards', async () => {
  const turns: string[] = []
  const contender = (name: string) => ({
    repeat: (budgetMs: number) => {
      turns.push(`${name}${String(budgetMs)}`)
      return Promise.resolve(budgetMs === 0 ? [] : [turns.length])
    },
  })
  const times = await alternate(
    new Map([
      ['a', contender('a')],
      ['b', contender('b')],
    ]),
    { rounds: 3, budgetMs: 5 },
  )
  expect(turns).toEqual(['a0', 'b0', 'a5', 'b5', 'b5', 'a5', 'a5', 'b5'])
  expect([...times]).toEqual([
    ['a', [[3], [6], [7]]],
    ['b', [[4], [5], [8]]],
  ])
})
