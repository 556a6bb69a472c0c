import { assembleModule, fourLanes, singleLane } from './assembler.ts'
import { convolutionCode } from './convolution-code.ts'
import { elementCode } from './element-code.ts'
import { rowCode } from './row-code.ts'
import { argMaxCode, softmaxCode } from './class-code.ts'
import { webAssembly } from './web-assembly.ts'
import type { WasmMemory } from './web-assembly.ts'

/** An address or a byte count in the heap; lengths are in vectors (of 4 floats, or 1 for the names that end in 1). */
type Call<Parameters extends readonly number[]> = (...parameters: Parameters) => void
type N = number

type RowKernels<Lanes extends 1 | 4> = Readonly<
  Record<`moments${Lanes}`, Call<[x: N, shift: N, sums: N, dots: N, rows: N, vectors: N]>> &
    Record<
      `normalise${Lanes}`,
      Call<[x: N, y: N, mean: N, scale: N, offset: N, rows: N, vectors: N, bound: N]>
    > &
    Record<
      `gradientSums${'' | 'Relu'}${Lanes}`,
      Call<[dy: N, x: N, y: N, shift: N, sums: N, dots: N, rows: N, vectors: N]>
    > &
    Record<
      `normGradient${'' | 'Relu'}${Lanes}`,
      Call<[dy: N, x: N, y: N, dx: N, mean: N, scale: N, slope: N, offset: N, rows: N, vectors: N]>
    > &
    Record<`copyRows${Lanes}`, Call<[from: N, to: N, rows: N, fromStride: N, toStride: N, vectors: N]>> &
    Record<
      `addRows${Lanes}`,
      Call<[from: N, to: N, rows: N, fromStride: N, toStride: N, vectors: N, factor: N]>
    > &
    Record<`spread${Lanes}`, Call<[from: N, to: N, pixels: N, factor: N, vectors: N]>> &
    Record<`blockSum${Lanes}`, Call<[from: N, to: N, pixels: N, factor: N, lineStride: N, vectors: N]>>
>

interface TensorKernels {
  readonly convolve: Call<
    [x: N, w: N, y: N, xTable: N, yTable: N, panels: N, pixels: N, rows: N, run: N, panelBytes: N, tapSkip: N]
  >
  readonly correlate: Call<
    [x: N, xTable: N, dy: N, dw: N, pixels: N, kernelRows: N, tapRow: N, run: N, panels: N, dwRow: N]
  >
  readonly softmax: Call<[x: N, y: N, work: N, largest: N, totals: N, groups: N, classes: N, laneBytes: N]>
  readonly argMax: Call<[x: N, index: N, groups: N, classes: N, laneBytes: N]>
  readonly sum: Call<[a: N, b: N, out: N, vectors: N, bound: N]>
  readonly bounded: Call<[x: N, out: N, vectors: N, bound: N]>
  readonly scaled: Call<[x: N, out: N, vectors: N, factor: N]>
  readonly difference: Call<[a: N, b: N, out: N, vectors: N, unused: N]>
  readonly wherePositive: Call<[x: N, sign: N, out: N, vectors: N, unused: N]>
  readonly adam: Call<
    [
      w: N,
      m: N,
      v: N,
      gradient: N,
      vectors: N,
      beta1: N,
      rest1: N,
      beta2: N,
      rest2: N,
      rate: N,
      rootScale: N,
      epsilon: N,
    ]
  >
  readonly momentum: Call<[w: N, buffer: N, gradient: N, vectors: N, momentum: N, decay: N, rate: N]>
}

export type SimdKernels = TensorKernels & RowKernels<1> & RowKernels<4>

/** Engines without relaxed SIMD (Node 20) take the same kernels with a product and a sum: slower, no less exact. */
export type Arithmetic = 'fused' | 'separate'

/**
 * Our own kernels on a heap that belongs to another module.
 *
 * @throws WebAssembly.CompileError where the engine has no SIMD.
 */
export function instantiateSimdKernels(memory: WasmMemory, arithmetic: Arithmetic): SimdKernels {
  // The module exports exactly the functions that the code lists; the tests call each of them.
  const { Instance, Module } = webAssembly()
  const { exports } = new Instance(new Module(assemble(arithmetic)), { heap: { memory } })
  return exports as unknown as SimdKernels
}

/** What this engine can do. */
export function bestArithmetic(): Arithmetic {
  return webAssembly().validate(assemble('fused')) ? 'fused' : 'separate'
}

function assemble(arithmetic: Arithmetic): Uint8Array {
  const lanes = fourLanes(arithmetic === 'fused')
  return assembleModule([
    ...convolutionCode(lanes),
    ...rowCode(lanes),
    ...rowCode(singleLane),
    ...elementCode(lanes),
    softmaxCode(lanes),
    argMaxCode(lanes),
  ])
}
