import type { Handle, Kernels } from './kernels.ts'

/** Handles of a computation that must all be released, also when a kernel throws in the middle of it. */
export class HandleScope {
  readonly #kernels: Pick<Kernels, 'release'>
  readonly #owned = new Set<Handle>()

  constructor(kernels: Pick<Kernels, 'release'>) {
    this.#kernels = kernels
  }

  /** Takes a handle over: it is released by {@link drop} or at the end. */
  own(handle: Handle): Handle {
    this.#owned.add(handle)
    return handle
  }

  /** Releases handles before the end, where they are large. */
  drop(...handles: readonly Handle[]): void {
    for (const handle of handles) {
      if (this.#owned.delete(handle)) {
        this.#kernels.release(handle)
      }
    }
  }

  /** Hands a handle over to the caller. */
  keep(handle: Handle): Handle {
    this.#owned.delete(handle)
    return handle
  }

  dispose(): void {
    this.drop(...this.#owned)
  }
}

/** Runs `compute`; what it owned and did not hand over is released afterwards, also after an error. */
export function withScope<T>(kernels: Pick<Kernels, 'release'>, compute: (scope: HandleScope) => T): T {
  const scope = new HandleScope(kernels)
  try {
    return compute(scope)
  } finally {
    scope.dispose()
  }
}

/** Builds something that holds handles until it is released; after an error in the middle nothing is held. */
export function holdHandles<T>(kernels: Pick<Kernels, 'release'>, build: (scope: HandleScope) => T): T {
  const scope = new HandleScope(kernels)
  try {
    return build(scope)
  } catch (thrown) {
    scope.dispose()
    throw thrown
  }
}
