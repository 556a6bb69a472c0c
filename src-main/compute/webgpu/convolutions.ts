import type { Handle, Shape } from '../kernels.ts'
import { paddingOf, phasesOfInputGradient } from '../gradient-phases.ts'
import type { GradientPhase } from '../gradient-phases.ts'
import { shape4 } from '../shape4.ts'
import type { GpuTensors } from './gpu-tensors.ts'
import { TILE_COLUMNS, TILE_ROWS, productProgram } from './product-code.ts'
import type { PhaseParameter, ProductKind, ProductParameter, ProductSize } from './product-code.ts'
import { FOR_EACH_ELEMENT, ELEMENT_THREADS, spread } from './program.ts'
import type { Program } from './program.ts'

/** Workgroups that keep a large card busy; a product with fewer tiles has its sums cut into parts. */
const BUSY_GROUPS = 256
/** Shorter parts would be all overhead. */
const LEAST_STEPS_PER_PART = 256
/** Floats that the parts of one product may take. */
const MOST_PART_FLOATS = 2 ** 24

const FLOATS = 'f32' as const

const PROGRAMS = new Map(
  (['forward', 'input-gradient', 'filter-gradient'] as const).map((kind) => [
    kind,
    TILE_COLUMNS.map((columns) => productProgram(kind, columns)),
  ]),
)

const SUM_OF_PARTS: Program<'count' | 'parts'> = {
  name: 'sum of parts',
  threads: ELEMENT_THREADS,
  reads: [{ name: 'parts', type: FLOATS }],
  writes: [{ name: 'sum', type: FLOATS }],
  parameters: { count: 'u32', parts: 'u32' },
  declarations: '',
  main: `${FOR_EACH_ELEMENT}
  var total = 0.0;
  for (var part = 0u; part < p.parts; part++) { total += parts[part * p.count + i]; }
  sum[i] = total;`,
}

type Geometry = Readonly<Record<Exclude<ProductParameter, ProductSize | PhaseParameter>, number>>
type Phase = Readonly<Record<PhaseParameter, number>>

/** See Kernels.conv2d. */
export function conv2d(
  gpu: GpuTensors,
  x: Handle,
  xShape: Shape,
  w: Handle,
  wShape: Shape,
  stride: number,
): Handle {
  const g = geometryOf(xShape, wShape, stride)
  const [n] = shape4(xShape)
  const y = gpu.allocate([n, g.outHeight, g.outWidth, g.outChannels])
  const rows = n * g.outHeight * g.outWidth
  const size = { rows, steps: g.kernel * g.kernel * g.channels, columns: g.outChannels }
  product(gpu, 'forward', [x, w], y, g, [{ ...size, phase: NO_PHASE }])
  return y
}

/** See Kernels.conv2dInputGradient. */
export function conv2dInputGradient(
  gpu: GpuTensors,
  dy: Handle,
  w: Handle,
  wShape: Shape,
  xShape: Shape,
  stride: number,
): Handle {
  const g = geometryOf(xShape, wShape, stride)
  const [n] = shape4(xShape)
  const dx = gpu.allocate(xShape)
  const phases = phasesOfInputGradient(g.kernel, stride).flatMap((phase) => {
    const pixels = pixelsOf(phase, g)
    const rows = n * pixels.phaseHeight * pixels.phaseWidth
    const steps = phase.y.taps.length * phase.x.taps.length * g.outChannels
    return rows === 0 ? [] : [{ rows, steps, columns: g.channels, phase: pixels }]
  })
  if (g.kernel < stride) {
    // Pixels that no tap reads.
    gpu.write(dx, new Float32Array(gpu.sizeOf(dx)))
  }
  product(gpu, 'input-gradient', [dy, w], dx, g, phases)
  return dx
}

/** See Kernels.conv2dFilterGradient. */
export function conv2dFilterGradient(
  gpu: GpuTensors,
  x: Handle,
  xShape: Shape,
  dy: Handle,
  wShape: Shape,
  stride: number,
): Handle {
  const g = geometryOf(xShape, wShape, stride)
  const [n] = shape4(xShape)
  const dw = gpu.allocate(wShape)
  const rows = g.kernel * g.kernel * g.channels
  const size = { rows, steps: n * g.outHeight * g.outWidth, columns: g.outChannels }
  product(gpu, 'filter-gradient', [x, dy], dw, g, [{ ...size, phase: NO_PHASE }])
  return dw
}

interface ProductPiece {
  readonly rows: number
  readonly steps: number
  readonly columns: number
  readonly phase: Phase
}

/** All pieces go to disjoint places of one result. */
function product(
  gpu: GpuTensors,
  kind: ProductKind,
  operands: readonly [Handle, Handle],
  result: Handle,
  geometry: Geometry,
  pieces: readonly ProductPiece[],
): void {
  const [first] = pieces
  if (first === undefined) {
    return
  }
  const index = Math.max(
    0,
    TILE_COLUMNS.findIndex((columns) => columns >= first.columns),
  )
  const isWide = first.columns > (TILE_COLUMNS.at(-1) ?? 0)
  const chosen = isWide ? TILE_COLUMNS.length - 1 : index
  const program = PROGRAMS.get(kind)?.[chosen]
  if (program === undefined) {
    throw new Error(`there is no program for ${kind}`)
  }
  const columnTiles = Math.ceil(first.columns / (TILE_COLUMNS[chosen] ?? 1))
  const size = gpu.sizeOf(result)
  const parts = partsOf(pieces, columnTiles, size)
  const target = parts === 1 ? result : gpu.allocate([parts, size])
  for (const { rows, steps, columns, phase } of pieces) {
    const [x, y] = spread(Math.ceil(rows / TILE_ROWS))
    const stepsPerPart = Math.ceil(steps / parts)
    gpu.run(
      program,
      operands,
      [target],
      { ...geometry, ...phase, rows, steps, columns, columnTiles, stepsPerPart, partSize: size },
      [x, y, columnTiles * parts],
    )
  }
  if (target !== result) {
    gpu.each(SUM_OF_PARTS, [target], [result], { count: size, parts })
    gpu.release(target)
  }
}

/** The same for all pieces of a product: they share the memory for parts. */
function partsOf(pieces: readonly ProductPiece[], columnTiles: number, size: number): number {
  const groups = pieces.reduce((sum, { rows }) => sum + Math.ceil(rows / TILE_ROWS) * columnTiles, 0)
  const fewestSteps = Math.min(...pieces.map(({ steps }) => steps))
  const wanted = Math.ceil(BUSY_GROUPS / groups)
  const most = Math.min(Math.floor(fewestSteps / LEAST_STEPS_PER_PART), Math.floor(MOST_PART_FLOATS / size))
  return Math.max(1, Math.min(wanted, most))
}

function geometryOf(xShape: Shape, wShape: Shape, stride: number): Geometry {
  const [, height, width, channels] = shape4(xShape)
  const [kernel, , inputs, outChannels] = shape4(wShape)
  if (inputs !== channels) {
    throw new RangeError(`kernels for ${inputs} channels, and an image of [${xShape.join(', ')}]`)
  }
  return {
    ...{ height, width, channels, outChannels, kernel, stride, pad: paddingOf(kernel) },
    outHeight: Math.floor((height - 1) / stride) + 1,
    outWidth: Math.floor((width - 1) / stride) + 1,
  }
}

const NO_PHASE: Phase = {
  ...{ phaseY: 0, phaseX: 0, firstY: 0, firstX: 0, tapY: 0, tapX: 0, tapsX: 1 },
  ...{ phaseHeight: 1, phaseWidth: 1 },
}

/** Output `u + first - t` reads pixel `phase + stride * u` through its tap number t, which is kernel tap `tap + stride * t`. */
function pixelsOf({ y, x }: GradientPhase, { height, width, stride }: Geometry): Phase {
  // gradient-phases.ts lists taps from the largest down, `first` being the output of the largest.
  return {
    ...{ phaseY: y.phase, phaseX: x.phase },
    firstY: y.first + y.taps.length - 1,
    firstX: x.first + x.taps.length - 1,
    tapY: y.taps.at(-1) ?? 0,
    tapX: x.taps.at(-1) ?? 0,
    tapsX: x.taps.length,
    phaseHeight: Math.max(0, Math.ceil((height - y.phase) / stride)),
    phaseWidth: Math.max(0, Math.ceil((width - x.phase) / stride)),
  }
}
