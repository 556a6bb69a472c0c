import { computed, ref } from 'vue'
import { PLAIN_OVERLAY } from '../lib/paint-overlay.ts'
import type { OverlayOptions } from '../lib/paint-overlay.ts'
import { useHeldKey } from './use-held-key.ts'

/** A picture without its prediction steps back, so that nobody takes it for an empty answer. */
const WAITING_DIM = 0.55

export interface OverlaySituation {
  readonly isPose: boolean
  readonly hasPrediction: boolean
}

/** What the controls over a picture of the Preview screen say; H and G do so while they are held. */
export function useOverlayOptions(situation: () => OverlaySituation) {
  const isHideHeld = useHeldKey('h')
  const isTruthHeld = useHeldKey('g')
  /** A click keeps what the key does while it is held. */
  const isHiddenKept = ref(false)
  const isTruthKept = ref(false)
  const isHidden = computed(() => isHideHeld.value || (isHiddenKept.value && !isTruthHeld.value))
  const isTruth = computed(() => isTruthHeld.value || isTruthKept.value)
  const hasErrors = ref(false)
  const hasOutlines = ref(true)
  const chosenOpacity = ref<number | null>(null)
  const minConfidence = ref(0)
  const hiddenClasses = ref<ReadonlySet<number>>(new Set())
  const opacity = computed({
    get: () => chosenOpacity.value ?? (situation().isPose ? 1 : PLAIN_OVERLAY.opacity),
    set: (value: number) => {
      chosenOpacity.value = value
    },
  })
  const isWaiting = computed(() => !situation().hasPrediction && !isTruth.value && !isHidden.value)
  const options = computed<OverlayOptions>(() => ({
    show: isHidden.value ? 'none' : isTruth.value ? 'truth' : 'prediction',
    hasErrors: hasErrors.value && !isHidden.value,
    opacity: opacity.value,
    minConfidence: minConfidence.value,
    hiddenClasses: hiddenClasses.value,
    hasOutlines: hasOutlines.value,
    dim: isWaiting.value ? WAITING_DIM : 1,
  }))
  return {
    ...{ isHiddenKept, isTruthKept, isHidden, isTruth, hasErrors, hasOutlines, opacity, minConfidence },
    ...{ hiddenClasses, isWaiting, options },
  }
}
