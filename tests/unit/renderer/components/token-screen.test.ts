import { beforeEach, describe, expect, it, vi } from 'vitest'
import TokenScreen from '../../../../src-renderer/components/frame/TokenScreen.vue'
import type { TokenOutcome } from '../../../../src-renderer/api/engine.ts'
import { createFakeEngine, mountWith, settle } from '../support/fake-engine.ts'

const ORIGIN = 'http://127.0.0.1:7420'

describe('the screen of a page without a token', () => {
  beforeEach(() => {
    document.body.innerHTML = ''
  })

  function mount(outcome: TokenOutcome, asksForToken = true) {
    const { engine, state } = createFakeEngine()
    const tried: string[] = []
    state.asksForToken = asksForToken
    state.tokenOutcome = (token) => {
      tried.push(token)
      return outcome
    }
    const admitted = vi.fn()
    const { root } = mountWith(engine, TokenScreen, { origin: ORIGIN, onAdmitted: admitted })
    const paste = async (text: string): Promise<void> => {
      const field = root.querySelector<HTMLInputElement>('[data-testid="token-field"]')
      if (field === null) {
        throw new Error(`no field in ${root.innerHTML}`)
      }
      field.value = text
      field.dispatchEvent(new Event('input'))
      root.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
      await settle()
    }
    return { root, paste, tried, admitted }
  }

  it('connects with a pasted address', async () => {
    const { root, paste, tried, admitted } = mount('taken')
    expect(root.textContent).toContain('scalenas token')
    await paste(`${ORIGIN}/#token=abc`)
    expect(tried).toEqual(['abc'])
    expect(admitted).toHaveBeenCalledOnce()
  })

  it('connects by its button', async () => {
    const { root, paste, tried } = mount('refused')
    await paste('abc')
    root.querySelector<HTMLElement>('[data-testid="token-submit"]')?.click()
    await settle()
    expect(tried).toEqual(['abc', 'abc'])
  })

  it.each([
    ['refused', /does not take this token/],
    ['no answer', /does not answer/],
  ] as const)('says why not: %s', async (outcome, words) => {
    const { root, paste, admitted } = mount(outcome)
    await paste('abc')
    expect(root.textContent).toMatch(words)
    expect(root.querySelector('input')?.getAttribute('aria-invalid')).toBe('true')
    expect(admitted).not.toHaveBeenCalled()
  })

  it('asks the engine only for what can be a token', async () => {
    const { root, paste, tried } = mount('taken')
    await paste('http://127.0.0.1:1/#token=abc')
    expect(root.textContent).toContain('of http://127.0.0.1:1')
    expect(tried).toEqual([])
  })

  it('has no field in the desktop window, which gets its token by itself', () => {
    const { root } = mount('taken', false)
    expect(root.querySelector('input')).toBeNull()
    expect(root.textContent).toContain('by itself')
  })
})
