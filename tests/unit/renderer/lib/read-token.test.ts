import { describe, expect, it } from 'vitest'
import { readToken, tokenOfHash } from '../../../../src-renderer/lib/read-token.ts'

const ORIGIN = 'http://127.0.0.1:7420'
const TOKEN = 'Ab-_0123456789abcdefghijklmnopqrstuvwxyzABCD'

describe('readToken', () => {
  it.each([
    ['the token', TOKEN],
    ['with spaces around', `  ${TOKEN}\n`],
    ['the address', `${ORIGIN}/#token=${TOKEN}`],
    ['the address as the router writes it', `${ORIGIN}/#/token=${TOKEN}`],
    ['the printed line', `ScaleNAS Studio is at ${ORIGIN}/#token=${TOKEN}`],
  ])('takes %s', (_name, pasted) => {
    expect(readToken(pasted, ORIGIN)).toEqual({ ok: true, token: TOKEN })
  })

  it.each([
    ['nothing', ' ', /Paste the token/],
    ['an address without one', `${ORIGIN}/#/runs`, /has no token/],
    [
      'the address of another engine',
      `http://127.0.0.1:7421/#token=${TOKEN}`,
      /of http:\/\/127\.0\.0\.1:7421/,
    ],
    ['words', 'my secret', /no token/],
    ['a broken escape', '#token=%', /no token/],
    ['what no header may hold', 'ü', /no token/],
  ])('refuses %s with a reason', (_name, pasted, reason) => {
    expect(readToken(pasted, ORIGIN)).toEqual({ ok: false, reason: expect.stringMatching(reason) as string })
  })
})

describe('tokenOfHash', () => {
  it('knows a fragment that is a token and nothing else', () => {
    expect(tokenOfHash('#token=abc%2F1')).toBe('abc/1')
    expect(tokenOfHash('#/token=abc')).toBe('abc')
    expect(tokenOfHash('#/runs?token=abc')).toBeNull()
    expect(tokenOfHash('#token=%')).toBeNull()
    expect(tokenOfHash('')).toBeNull()
  })
})
