import type { TensorflowBinding } from './load-binding.ts'

/** Time inside the native library by name of the call; operations under their own names. */
export interface CallTimes {
  readonly calls: ReadonlyMap<string, { readonly calls: number; readonly milliseconds: number }>
  reset(): void
}

/** The same binding with every call timed. On a CPU a call returns when it is computed, so the times are those of the operations. */
export function profileBinding(
  binding: TensorflowBinding,
  now: () => number,
): { readonly binding: TensorflowBinding; readonly times: CallTimes } {
  const calls = new Map<string, { calls: number; milliseconds: number }>()
  const timed = <T>(name: string, call: () => T): T => {
    const started = now()
    const result = call()
    const spent = now() - started
    const entry = calls.get(name)
    if (entry === undefined) {
      calls.set(name, { calls: 1, milliseconds: spent })
    } else {
      entry.calls += 1
      entry.milliseconds += spent
    }
    return result
  }
  // The addon's own properties are read-only and not all enumerable; what is not timed is found through the prototype.
  const profiled = Object.create(binding, {
    createTensor: {
      value: (shape: readonly number[], dtype: number, values: ArrayBufferView) =>
        timed('createTensor', () => binding.createTensor(shape, dtype, values)),
    },
    deleteTensor: {
      value: (id: number) => {
        timed('deleteTensor', () => {
          binding.deleteTensor(id)
        })
      },
    },
    tensorDataSync: {
      value: (id: number) => timed('tensorDataSync', () => binding.tensorDataSync(id)),
    },
    executeOp: {
      value: (...[name, ...rest]: Parameters<TensorflowBinding['executeOp']>) =>
        timed(name, () => binding.executeOp(name, ...rest)),
    },
  }) as TensorflowBinding
  return {
    binding: profiled,
    times: {
      calls,
      reset: () => {
        calls.clear()
      },
    },
  }
}
