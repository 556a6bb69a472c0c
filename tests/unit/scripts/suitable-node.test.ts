import { describe, expect, it } from 'vitest'
import { isSuitable } from '../../../scripts/suitable-node.mjs'

describe('isSuitable', () => {
  it('wants Node-API 10, which the database needs, and a Node that is not inside Electron', () => {
    expect(isSuitable({ napi: '10' })).toBe(true)
    expect(isSuitable({ napi: '11' })).toBe(true)
    expect(isSuitable({ napi: '9' })).toBe(false) // Node 20 and Electron 33
    expect(isSuitable({ napi: '10', electron: '45.4.1' })).toBe(false)
    expect(isSuitable({})).toBe(false)
  })
})
