import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { resolveInside } from '../../../src-main/desktop/resolve-inside.ts'

const outside = mkdtempSync(join(tmpdir(), 'scalenas-resolve-'))
const folder = join(outside, 'renderer')
mkdirSync(join(folder, 'assets'), { recursive: true })
writeFileSync(join(folder, 'index.html'), '<!doctype html>')
writeFileSync(join(folder, 'assets/a b.js'), '')
writeFileSync(join(outside, 'secret'), 'secret')
afterAll(() => {
  rmSync(outside, { recursive: true })
})

describe('resolveInside', () => {
  it('finds the page and its assets', () => {
    expect(resolveInside(folder, '/')).toBe(join(folder, 'index.html'))
    expect(resolveInside(folder, '/assets/a%20b.js')).toBe(join(folder, 'assets/a b.js'))
  })

  it.each([
    '/../secret',
    '/..%2fsecret',
    '/assets/../../secret',
    '/%2e%2e/secret',
    '/%00',
    '/%zz',
    '/assets',
    '/none',
  ])('finds nothing for %s', (path) => {
    expect(resolveInside(folder, path)).toBeNull()
  })
})
