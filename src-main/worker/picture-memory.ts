import { totalmem } from 'node:os'
import type { ComputeConfig } from '../contract/index.ts'

const MEGABYTE = 1e6
/** Four search workers then take a quarter of the memory. */
const MEMORY_SHARE = 1 / 16
/** 430 crops of 256 x 192: what a search scores fits on the smallest machine. */
const LEAST_BYTES = 256 * MEGABYTE
/** 6,900 crops of 256 x 192: all of COCO val2017's persons. */
const MOST_BYTES = 4096 * MEGABYTE

/**
 * Bytes in which a worker keeps decoded pictures that it scores again and again, of all splits together; scores do not depend on it.
 *
 * @param memoryBytes - Of the machine, or of the container if that is less.
 */
export function pictureMemory(
  { pictureMemory: megabytes }: Pick<ComputeConfig, 'pictureMemory'>,
  memoryBytes: number = usableMemory(),
): number {
  return megabytes === undefined
    ? Math.min(MOST_BYTES, Math.max(LEAST_BYTES, Math.floor(memoryBytes * MEMORY_SHARE)))
    : megabytes * MEGABYTE
}

function usableMemory(): number {
  const limit = process.constrainedMemory()
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}
