export interface CopyThreadData {
  readonly database: string
  /** Where the copy appears once it is whole. */
  readonly target: string
}

export interface CopyThreadAnswer {
  /** Null: the copy is there. */
  readonly error: string | null
}
