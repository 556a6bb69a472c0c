import { onMounted, onUnmounted } from 'vue'

export type KeyHandlers = Readonly<Record<string, (event: KeyboardEvent) => void>>

/**
 * Listens to keys of the window while the caller is on screen. Names are as `KeyboardEvent.key`, letters in lower case, with
 * 'ctrl+' before them where Ctrl or Command is held. Single keys do nothing while somebody types.
 */
export function useKeys(handlers: KeyHandlers, kind: 'keydown' | 'keyup' = 'keydown'): void {
  function onKey(event: KeyboardEvent): void {
    const isHeld = event.ctrlKey || event.metaKey
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
    const handler = handlers[isHeld ? `ctrl+${key}` : key]
    if (handler === undefined || event.altKey || isTaken(event, isHeld)) {
      return
    }
    handler(event)
  }
  onMounted(() => {
    window.addEventListener(kind, onKey)
  })
  onUnmounted(() => {
    window.removeEventListener(kind, onKey)
  })
}

/** What moves by arrows itself. */
const ARROW_OWNERS = '[role=slider], [role=radiogroup], [role=tablist], input[type=range]'

/** Keys belong to an open dialog first, then to a text that is typed, and arrows to a slider that has the focus. */
function isTaken(event: KeyboardEvent, isHeld: boolean): boolean {
  if (document.querySelector('dialog[open]') !== null) {
    return true
  }
  if (event.key.startsWith('Arrow') && event.target instanceof Element) {
    return event.target.closest(ARROW_OWNERS) !== null || isTyping(event.target)
  }
  return !isHeld && isTyping(event.target)
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches('input:not([type=range]), textarea, select'))
  )
}

/** Whether a key belongs to a control that has the focus: Enter and Space press it. */
export function isOnControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('button, a, [role=slider]') !== null
}
