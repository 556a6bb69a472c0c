import { readdirSync } from 'node:fs'
import type { GpuChoice } from './executor.ts'

/** One folder a card, made by NVIDIA's driver. */
const CARDS_FOLDER = '/proc/driver/nvidia/gpus'
const VARIABLE = 'CUDA_VISIBLE_DEVICES'

/**
 * What a worker must find in its environment to see the card meant for it. Workers beyond the number of cards share them in turn.
 *
 * @param cards - Names or numbers of the cards that this process sees itself.
 */
export function gpuEnvironment(
  choice: GpuChoice | undefined,
  cards: readonly string[] = listVisibleCards(),
): Readonly<Record<string, string>> {
  if (choice === 'none') {
    return { [VARIABLE]: '-1' }
  }
  const card = choice === undefined ? undefined : cards[choice % cards.length]
  return card === undefined || cards.length < 2 ? {} : { [VARIABLE]: card }
}

/** As the CUDA library would list them: the variable, where it is set, else all cards of the driver. */
export function listVisibleCards(
  env: Readonly<Record<string, string | undefined>> = process.env,
  folder: string = CARDS_FOLDER,
): readonly string[] {
  const given = env[VARIABLE]
  if (given !== undefined) {
    const named = given.split(',').map((card) => card.trim())
    // The first number that is no card hides all that follow.
    const end = named.findIndex((card) => card === '' || card.startsWith('-'))
    return end === -1 ? named : named.slice(0, end)
  }
  try {
    return readdirSync(folder).map((_, index) => String(index))
  } catch {
    // No driver, no cards.
    return []
  }
}
