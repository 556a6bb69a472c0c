import { computed } from 'vue'
import type { WritableComputedRef } from 'vue'
import { useQueryValue } from './use-query-value.ts'

export type PictureSource = 'run' | 'own'

/** Whether the Preview screen shows test pictures of the run or the user's own; it lives in the address. */
export function usePictureSource(): WritableComputedRef<PictureSource> {
  const text = useQueryValue('of')
  return computed({
    get: () => (text.value === 'own' ? 'own' : 'run'),
    set: (source) => {
      text.value = source === 'own' ? 'own' : null
    },
  })
}
