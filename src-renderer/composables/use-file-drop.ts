import { ref } from 'vue'
import type { Ref } from 'vue'

/** Files that are dragged over an element and dropped there; other things that are dragged pass. */
export function useFileDrop(take: (files: FileList) => Promise<void>): {
  readonly isOver: Ref<boolean>
  readonly handlers: Readonly<
    Record<'dragover' | 'dragleave' | 'drop', (event: DragEvent) => Promise<void> | void>
  >
} {
  const isOver = ref(false)
  const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') === true
  return {
    isOver,
    handlers: {
      dragover(event) {
        if (hasFiles(event)) {
          event.preventDefault()
          isOver.value = true
        }
      },
      dragleave(event) {
        // Leaving for a child is no leaving.
        const { currentTarget, relatedTarget } = event
        const isInside =
          currentTarget instanceof Node &&
          relatedTarget instanceof Node &&
          currentTarget.contains(relatedTarget)
        isOver.value = isOver.value && isInside
      },
      async drop(event) {
        isOver.value = false
        const files = event.dataTransfer?.files
        if (files !== undefined && files.length > 0) {
          event.preventDefault()
          await take(files)
        }
      },
    },
  }
}
