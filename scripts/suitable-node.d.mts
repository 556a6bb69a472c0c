/** Types of suitable-node.mjs for its test. */
export const NEEDED_NODE_API: number
export function isSuitable(versions?: { readonly napi?: string; readonly electron?: string }): boolean
export function findSuitableNode(): string | null
