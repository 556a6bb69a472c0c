import type { Binding, Program } from './program.ts'
import { ELEMENT_THREADS, FOR_EACH_ELEMENT } from './program.ts'

const THREADS = 256
/** Neighbouring channels of one workgroup; the fewest that hold all channels, else the most. */
export const LANES = [8, 16, 32, 64] as const

const floats = (name: string): Binding => ({ name, type: 'f32' })

export type ColumnParameter = 'rows' | 'channels' | 'rowsPerBlock' | 'relu'

interface ColumnSums {
  readonly name: string
  readonly reads: readonly Binding[]
  /** Statements that add element `i` of `column` to the vec3f `total`. */
  readonly add: string
  /** `total` of a thread before its first element, from its `first` index. */
  readonly start: string
  /** Statements between a thread's last element and the sum over threads. */
  readonly end: string
  /** Two vec3f `a`, `b` to one. */
  readonly combine: string
}

/** One vec3f for each channel and block of rows, as [block, channel]. */
function columnProgram(lanes: number, c: ColumnSums): Program<ColumnParameter> {
  const lines = THREADS / lanes
  return {
    name: `${c.name} ${String(lanes)}`,
    threads: THREADS,
    reads: c.reads,
    writes: [floats('parts')],
    parameters: { rows: 'u32', channels: 'u32', rowsPerBlock: 'u32', relu: 'u32' },
    declarations: `
var<workgroup> totals: array<vec3f, ${String(THREADS)}>;
fn combine(a: vec3f, b: vec3f) -> vec3f {${c.combine}
}`,
    main: `
  let column = group.y * ${String(lanes)}u + local % ${String(lanes)}u;
  let line = local / ${String(lanes)}u;
  let begin = group.x * p.rowsPerBlock + line;
  let end = min(p.rows, (group.x + 1u) * p.rowsPerBlock);
  var total = vec3f();
  if (column < p.channels && begin < end) {
    let first = begin * p.channels + column;
    ${c.start}
    for (var row = begin; row < end; row += ${String(lines)}u) {
      let i = row * p.channels + column;
      ${c.add}
    }
    ${c.end}
  }
  totals[local] = total;
  workgroupBarrier();
  for (var half = ${String(lines / 2)}u; half > 0u; half /= 2u) {
    if (line < half) { totals[local] = combine(totals[local], totals[local + half * ${String(lanes)}u]); }
    workgroupBarrier();
  }
  if (line == 0u && column < p.channels) {
    let at = (group.x * p.channels + column) * 3u;
    parts[at] = totals[local].x;
    parts[at + 1u] = totals[local].y;
    parts[at + 2u] = totals[local].z;
  }`,
  }
}

const ADD = `
  return a + b;`

/** Of (count, mean, sum of squared deviations): Chan, Golub & LeVeque 1983, so that no large mean swallows a small variance. */
const MERGE_MOMENTS = `
  let n = a.x + b.x;
  if (n == 0.0) { return a; }
  let d = b.y - a.y;
  return vec3f(n, a.y + d * (b.x / n), a.z + b.z + d * d * (a.x * b.x / n));`

/** Within a thread: deviations from its first value. */
const moments = (lanes: number): Program<ColumnParameter> =>
  columnProgram(lanes, {
    name: 'moments',
    reads: [floats('x')],
    start: 'let shift = x[first];',
    add: 'let d = x[i] - shift; total += vec3f(1.0, d, d * d);',
    end: 'total = vec3f(total.x, shift + total.y / total.x, max(0.0, total.z - total.y * total.y / total.x));',
    combine: MERGE_MOMENTS,
  })

const GRADIENT = 'let g = select(dy[i], 0.0, p.relu == 1u && y[i] <= 0.0);'

/** `saved` holds the means, then the inverse deviations. */
const gradientSums = (lanes: number): Program<ColumnParameter> =>
  columnProgram(lanes, {
    name: 'norm gradient sums',
    reads: [floats('dy'), floats('x'), floats('y'), floats('saved')],
    start: '',
    add: `${GRADIENT} total += vec3f(g * (x[i] - saved[column]) * saved[p.channels + column], g, 0.0);`,
    end: '',
    combine: ADD,
  })

const columnSums = (lanes: number): Program<ColumnParameter> =>
  columnProgram(lanes, {
    name: 'column sums',
    reads: [floats('dy')],
    start: '',
    add: 'total.y += dy[i];',
    end: '',
    combine: ADD,
  })

export const MOMENTS = LANES.map(moments)
export const GRADIENT_SUMS = LANES.map(gradientSums)
export const COLUMN_SUMS = LANES.map(columnSums)

/** `count` channels; of `blocks` parts each. */
export const FINISH_MOMENTS: Program<'count' | 'blocks' | 'momentum' | 'unbiased' | 'epsilon'> = {
  name: 'finish moments',
  threads: ELEMENT_THREADS,
  reads: [floats('parts'), floats('oldMean'), floats('oldVariance')],
  writes: [floats('saved'), floats('newMean'), floats('newVariance')],
  parameters: { count: 'u32', blocks: 'u32', momentum: 'f32', unbiased: 'f32', epsilon: 'f32' },
  declarations: `
fn combine(a: vec3f, b: vec3f) -> vec3f {${MERGE_MOMENTS}
}`,
  main: `${FOR_EACH_ELEMENT}
  var total = vec3f();
  for (var block = 0u; block < p.blocks; block++) {
    let at = (block * p.count + i) * 3u;
    total = combine(total, vec3f(parts[at], parts[at + 1u], parts[at + 2u]));
  }
  let variance = total.z / total.x;
  saved[i] = total.y;
  saved[p.count + i] = 1.0 / sqrt(variance + p.epsilon);
  newMean[i] = (1.0 - p.momentum) * oldMean[i] + p.momentum * total.y;
  newVariance[i] = (1.0 - p.momentum) * oldVariance[i] + p.momentum * variance * p.unbiased;`,
}

/** The first and second of each channel's sums. */
export const FINISH_SUMS: Program<'count' | 'blocks'> = {
  name: 'finish sums',
  threads: ELEMENT_THREADS,
  reads: [floats('parts')],
  writes: [floats('firsts'), floats('seconds')],
  parameters: { count: 'u32', blocks: 'u32' },
  declarations: '',
  main: `${FOR_EACH_ELEMENT}
  var total = vec2f();
  for (var block = 0u; block < p.blocks; block++) {
    let at = (block * p.count + i) * 3u;
    total += vec2f(parts[at], parts[at + 1u]);
  }
  firsts[i] = total.x;
  seconds[i] = total.y;`,
}

export const NORMALISE: Program<'count' | 'channels' | 'relu'> = {
  name: 'normalise',
  threads: ELEMENT_THREADS,
  reads: [floats('x'), floats('saved'), floats('gamma'), floats('beta')],
  writes: [floats('y')],
  parameters: { count: 'u32', channels: 'u32', relu: 'u32' },
  declarations: '',
  main: `${FOR_EACH_ELEMENT}
  let c = i % p.channels;
  let value = (x[i] - saved[c]) * (saved[p.channels + c] * gamma[c]) + beta[c];
  y[i] = select(value, max(value, 0.0), p.relu == 1u);`,
}

export const NORMALISE_GIVEN: Program<'count' | 'channels' | 'relu' | 'epsilon'> = {
  name: 'normalise by given statistics',
  threads: ELEMENT_THREADS,
  reads: [floats('x'), floats('gamma'), floats('beta'), floats('mean'), floats('variance')],
  writes: [floats('y')],
  parameters: { count: 'u32', channels: 'u32', relu: 'u32', epsilon: 'f32' },
  declarations: '',
  main: `${FOR_EACH_ELEMENT}
  let c = i % p.channels;
  let value = (x[i] - mean[c]) * (gamma[c] / sqrt(variance[c] + p.epsilon)) + beta[c];
  y[i] = select(value, max(value, 0.0), p.relu == 1u);`,
}

/** dx = gamma / deviation * (g - mean(g) - x̂ * mean(g x̂)). */
export const NORM_GRADIENT: Program<'count' | 'channels' | 'relu' | 'rows'> = {
  name: 'norm gradient',
  threads: ELEMENT_THREADS,
  reads: ['dy', 'x', 'y', 'saved', 'gamma', 'dGamma', 'dBeta'].map(floats),
  writes: [floats('dx')],
  parameters: { count: 'u32', channels: 'u32', relu: 'u32', rows: 'f32' },
  declarations: '',
  main: `${FOR_EACH_ELEMENT}
  let c = i % p.channels;
  ${GRADIENT}
  let inverse = saved[p.channels + c];
  let hat = (x[i] - saved[c]) * inverse;
  dx[i] = gamma[c] * inverse * (g - (dBeta[c] + hat * dGamma[c]) / p.rows);`,
}

export const ADD_BIAS: Program<'count' | 'channels'> = {
  name: 'add bias',
  threads: ELEMENT_THREADS,
  reads: [floats('x'), floats('bias')],
  writes: [floats('y')],
  parameters: { count: 'u32', channels: 'u32' },
  declarations: '',
  main: `${FOR_EACH_ELEMENT}
  y[i] = x[i] + bias[i % p.channels];`,
}
