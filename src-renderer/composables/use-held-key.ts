import { onMounted, onUnmounted, ref } from 'vue'
import type { Ref } from 'vue'
import { isTyping } from './use-keys.ts'

/** True while a letter is held down; false again when the window loses the focus, whose key-up never comes. */
export function useHeldKey(letter: string): Ref<boolean> {
  const isHeld = ref(false)
  function press(event: KeyboardEvent): void {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey
    if (isPlain && event.key.toLowerCase() === letter && !isTyping(event.target)) {
      isHeld.value = true
    }
  }
  function release(event: KeyboardEvent): void {
    if (event.key.toLowerCase() === letter) {
      isHeld.value = false
    }
  }
  function releaseAll(): void {
    isHeld.value = false
  }
  onMounted(() => {
    window.addEventListener('keydown', press)
    window.addEventListener('keyup', release)
    window.addEventListener('blur', releaseAll)
  })
  onUnmounted(() => {
    window.removeEventListener('keydown', press)
    window.removeEventListener('keyup', release)
    window.removeEventListener('blur', releaseAll)
  })
  return isHeld
}
