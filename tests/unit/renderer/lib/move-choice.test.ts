import { describe, expect, it } from 'vitest'
import { moveChoice } from '../../../../src-renderer/lib/move-choice.ts'

const CHOICES = [{ value: 'a' }, { value: 'b', isDisabled: true }, { value: 'c' }] as const

/** A group with one button per choice; answers what an arrow key pressed in it chooses. */
function press(
  current: 'a' | 'b' | 'c',
  by: 1 | -1,
  choices: readonly { value: 'a' | 'b' | 'c' }[] = CHOICES,
) {
  const group = document.createElement('div')
  document.body.replaceChildren(group)
  for (const { value } of choices) {
    const button = document.createElement('button')
    button.textContent = value
    group.append(button)
  }
  let chosen: string | null = null
  group.addEventListener('keydown', (event) => {
    chosen = moveChoice(choices, current, by, event)
  })
  group.dispatchEvent(new KeyboardEvent('keydown'))
  return { chosen, focused: document.activeElement?.textContent }
}

describe('moveChoice', () => {
  it('passes what is disabled and focuses the button that it chose', () => {
    expect(press('a', 1)).toEqual({ chosen: 'c', focused: 'c' })
    expect(press('c', -1)).toEqual({ chosen: 'a', focused: 'a' })
  })

  it('goes around the ends', () => {
    expect(press('c', 1).chosen).toBe('a')
    expect(press('a', -1).chosen).toBe('c')
  })

  it('chooses nothing where there is nothing', () => {
    expect(press('a', 1, []).chosen).toBeNull()
  })
})
