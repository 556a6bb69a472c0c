import { afterEach, describe, expect, it } from 'vitest'
import { isOwnPage, pageUrl } from '../../../src-main/desktop/own-page.ts'

describe('isOwnPage', () => {
  afterEach(() => {
    delete process.env['ELECTRON_RENDERER_URL']
  })

  it('is the built page, and nothing of another scheme or host', () => {
    expect(pageUrl()).toBe('app://bundle/')
    expect(isOwnPage('app://bundle/#/runs/new')).toBe(true)
    const foreign = [
      'app://other/',
      'file:///etc/passwd',
      'data:text/html,x',
      'https://bundle/',
      'about:blank',
      '',
      'null',
    ]
    expect(foreign.filter(isOwnPage)).toEqual([])
  })

  it('is the development server while electron-vite names one', () => {
    process.env['ELECTRON_RENDERER_URL'] = 'http://localhost:5173'
    expect(isOwnPage('http://localhost:5173/#/')).toBe(true)
    expect(isOwnPage('http://localhost:5174/')).toBe(false)
    expect(isOwnPage('app://bundle/')).toBe(false)
  })
})
