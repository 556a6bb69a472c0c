/** A WebAssembly.Memory, passed on and never looked into. */
export type WasmMemory = object & { readonly __wasmMemory: unique symbol }

type WasmModule = object & { readonly __wasmModule: unique symbol }

interface WebAssemblyEngine {
  readonly Module: new (binary: Uint8Array) => WasmModule
  readonly Instance: new (
    module: WasmModule,
    imports: { readonly heap: { readonly memory: WasmMemory } },
  ) => { readonly exports: object }
  validate(binary: Uint8Array): boolean
}

/** The engine's WebAssembly. TypeScript declares it with the DOM only, which this environment does not have. */
export function webAssembly(): WebAssemblyEngine {
  return Reflect.get(globalThis, 'WebAssembly') as WebAssemblyEngine
}
