import type { RefusalCode } from '../contract/index.ts'

/** Why a backend cannot be opened; thrown where the reason is known. */
export class BackendError extends Error {
  readonly code: RefusalCode

  constructor(code: RefusalCode, reason: string) {
    super(reason)
    this.code = code
  }
}

export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
