import type { AreaRange } from './match-persons.ts'

/** COCO's area ranges in square pixels, both ends included. */
export const AREA_RANGES = {
  all: [0, 1e10],
  small: [0, 32 ** 2],
  medium: [32 ** 2, 96 ** 2],
  large: [96 ** 2, 1e10],
} as const satisfies Readonly<Record<string, AreaRange>>

export type AreaName = keyof typeof AREA_RANGES
