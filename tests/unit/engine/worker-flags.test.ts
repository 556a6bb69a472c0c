import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { WORKER_FLAGS } from '../../../src-main/engine/executors/worker-flags.ts'

/** Keeps 64 MB of young objects alive, with which V8 lets its young generation grow to the bound; prints its two semi-spaces in bytes. */
const FILL = `
  const kept = []
  for (let k = 0; k < 64000; k++) kept.push(new Array(128).fill(k))
  const { getHeapSpaceStatistics } = require('node:v8')
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
  console.log(young.space_size, kept.length)
`

function youngBytes(flags: readonly string[]): number {
  return Number.parseInt(execFileSync(process.execPath, [...flags, '-e', FILL], { encoding: 'utf8' }), 10)
}

describe('the flags of workers', () => {
  it('are understood by this Node and bound what V8 keeps for young objects', () => {
    const [bounded, free] = [youngBytes(WORKER_FLAGS), youngBytes([])]
    expect(bounded).toBeLessThanOrEqual(16 * 2 ** 20)
    expect(free).toBeGreaterThan(bounded * 2)
  })
})
