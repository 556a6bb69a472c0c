/** Types of layers.mjs for its test. */
export interface Layer {
  readonly name: string
  readonly paths: readonly string[]
  readonly values: readonly string[]
  readonly types: readonly string[]
  readonly packages: readonly string[]
  readonly node: boolean
  readonly pure: boolean
}
export interface ImportEdge {
  /** With slashes, from the project root. */
  readonly file: string
  readonly specifier: string
  readonly isTypeOnly: boolean
}
export const LAYERS: readonly Layer[]
export const EXCEPTIONS: readonly {
  readonly file: string
  readonly allows: readonly string[]
  readonly reason: string
}[]
export const IMPURE_NAMES: readonly string[]
export function judgeImport(edge: ImportEdge): string | null
export function layerOf(file: string): Layer | undefined
