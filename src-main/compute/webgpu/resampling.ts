import type { Handle, Shape } from '../kernels.ts'
import { shape4 } from '../shape4.ts'
import type { GpuTensors } from './gpu-tensors.ts'
import { ELEMENT_THREADS, FOR_EACH_ELEMENT } from './program.ts'
import type { Program } from './program.ts'

type ResampleParameter = 'count' | 'height' | 'width' | 'channels' | 'outHeight' | 'outWidth' | 'factor'

/** `i` goes through y; `height` and `width` are those of x, `outHeight` and `outWidth` those of y. */
function resampleProgram(name: string, value: string, declarations = ''): Program<ResampleParameter> {
  return {
    name,
    threads: ELEMENT_THREADS,
    reads: [{ name: 'x', type: 'f32' }],
    writes: [{ name: 'y', type: 'f32' }],
    parameters: {
      ...{ count: 'u32', height: 'u32', width: 'u32', channels: 'u32' },
      ...{ outHeight: 'u32', outWidth: 'u32', factor: 'u32' },
    },
    declarations,
    main: `${FOR_EACH_ELEMENT}
  let c = i % p.channels;
  let column = (i / p.channels) % p.outWidth;
  let line = (i / (p.channels * p.outWidth)) % p.outHeight;
  let image = i / (p.channels * p.outWidth * p.outHeight);
  ${value}`,
  }
}

const AT =
  'fn at(image: u32, line: u32, column: u32, c: u32) -> f32 { return x[((image * p.height + line) * p.width + column) * p.channels + c]; }'

/** Position among `size` inputs of output `out` of `outputs`: the lower input and the share of the one above it. */
const TAP = `
struct Tap { low: u32, high: u32, share: f32 }
fn tapOf(out: u32, size: u32, outputs: u32) -> Tap {
  let position = clamp((f32(out) + 0.5) * f32(size) / f32(outputs) - 0.5, 0.0, f32(size - 1u));
  let low = u32(position);
  return Tap(low, min(low + 1u, size - 1u), position - f32(low));
}`

const NEAREST = resampleProgram('nearest', 'y[i] = at(image, line / p.factor, column / p.factor, c);', AT)

const NEAREST_GRADIENT = resampleProgram(
  'nearest gradient',
  `var total = 0.0;
  for (var dy = 0u; dy < p.factor; dy++) {
    for (var dx = 0u; dx < p.factor; dx++) {
      total += at(image, line * p.factor + dy, column * p.factor + dx, c);
    }
  }
  y[i] = total;`,
  AT,
)

const BILINEAR = resampleProgram(
  'bilinear',
  `let v = tapOf(line, p.height, p.outHeight);
  let h = tapOf(column, p.width, p.outWidth);
  let above = mix(at(image, v.low, h.low, c), at(image, v.low, h.high, c), h.share);
  let below = mix(at(image, v.high, h.low, c), at(image, v.high, h.high, c), h.share);
  y[i] = mix(above, below, v.share);`,
  AT + TAP,
)

/** x is dy here: every pixel of the image gathers from the outputs that it was mixed into. */
const BILINEAR_GRADIENT = resampleProgram(
  'bilinear gradient',
  `let firstLine = firstOf(line, p.outHeight, p.height);
  let endLine = endOf(line, p.outHeight, p.height);
  let firstColumn = firstOf(column, p.outWidth, p.width);
  let endColumn = endOf(column, p.outWidth, p.width);
  var total = 0.0;
  for (var from_line = firstLine; from_line < endLine; from_line++) {
    let weight = shareOf(line, tapOf(from_line, p.outHeight, p.height));
    if (weight == 0.0) { continue; }
    for (var from_column = firstColumn; from_column < endColumn; from_column++) {
      total += weight * shareOf(column, tapOf(from_column, p.outWidth, p.width)) * at(image, from_line, from_column, c);
    }
  }
  y[i] = total;`,
  `${AT}${TAP}
// Outputs whose position lies within one of the input, and one more on each side for rounding.
fn firstOf(input: u32, size: u32, outputs: u32) -> u32 {
  return u32(max(0.0, floor((f32(input) - 0.5) * f32(outputs) / f32(size) - 0.5) - 1.0));
}
fn endOf(input: u32, size: u32, outputs: u32) -> u32 {
  return min(outputs, u32(ceil((f32(input) + 1.5) * f32(outputs) / f32(size) - 0.5)) + 2u);
}
fn shareOf(input: u32, tap: Tap) -> f32 {
  return select(0.0, 1.0 - tap.share, tap.low == input) + select(0.0, tap.share, tap.high == input);
}`,
)

const FLIP = resampleProgram('flip', 'y[i] = at(image, line, p.width - 1u - column, c);', AT)

/** See Kernels.upsampleNearest. */
export function upsampleNearest(gpu: GpuTensors, x: Handle, shape: Shape, factor: number): Handle {
  const [n, h, w, c] = shape4(shape)
  return resample(gpu, NEAREST, x, shape, [n, h * factor, w * factor, c], factor)
}

/** See Kernels.upsampleNearestGradient: the sum over each block. */
export function upsampleNearestGradient(gpu: GpuTensors, dy: Handle, dyShape: Shape, factor: number): Handle {
  const [n, h, w, c] = shape4(dyShape)
  return resample(gpu, NEAREST_GRADIENT, dy, dyShape, [n, h / factor, w / factor, c], factor)
}

/** See Kernels.resizeBilinear. */
export function resizeBilinear(
  gpu: GpuTensors,
  x: Handle,
  shape: Shape,
  height: number,
  width: number,
): Handle {
  const [n, , , c] = shape4(shape)
  return resample(gpu, BILINEAR, x, shape, [n, height, width, c])
}

/** See Kernels.resizeBilinearGradient. */
export function resizeBilinearGradient(gpu: GpuTensors, dy: Handle, xShape: Shape): Handle {
  return resample(gpu, BILINEAR_GRADIENT, dy, gpu.shapeOf(dy), xShape)
}

/** Mirrors the width axis. */
export function flipWidth(gpu: GpuTensors, x: Handle): Handle {
  return resample(gpu, FLIP, x, gpu.shapeOf(x), gpu.shapeOf(x))
}

function resample(
  gpu: GpuTensors,
  program: Program<ResampleParameter>,
  x: Handle,
  xShape: Shape,
  yShape: Shape,
  factor = 1,
): Handle {
  const [, height, width, channels] = shape4(xShape)
  const [, outHeight, outWidth] = shape4(yShape)
  const y = gpu.allocate(yShape)
  const sizes = { height, width, channels, outHeight, outWidth }
  gpu.each(program, [x], [y], { count: gpu.sizeOf(y), factor, ...sizes })
  return y
}
