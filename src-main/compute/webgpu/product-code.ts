import type { Program } from './program.ts'

/**
 * One tiled matrix product for a convolution and both of its gradients: [rows, steps] x [steps, columns], where the left matrix is
 * gathered from an image as it is needed. A workgroup computes a tile of 64 rows, each thread 4 x 4 of it.
 */
export const TILE_ROWS = 64
/** Products that are staged in workgroup memory at a time. */
const STEP = 16
const THREAD_ROWS = 4
/** One more than the tile: threads that write one column of it then hit different memory banks. */
const ROW_STRIDE = TILE_ROWS + 1

/** Widths of tiles; the narrowest that holds all columns, else the widest. */
export const TILE_COLUMNS = [16, 32, 64] as const

export type ProductKind = 'forward' | 'input-gradient' | 'filter-gradient'

export type ProductParameter =
  | ProductSize
  | 'height'
  | 'width'
  | 'channels'
  | 'outHeight'
  | 'outWidth'
  | 'outChannels'
  | 'kernel'
  | 'stride'
  | 'pad'
  | PhaseParameter

/** `rowTiles` and `columnTiles` cut the result, `stepsPerPart` the sum; a part's results begin `partSize` after those of the one before. */
export type ProductSize = 'rows' | 'steps' | 'columns' | 'columnTiles' | 'stepsPerPart' | 'partSize'

/** Which pixels of the image an input gradient is for (gradient-phases.ts), as the kernel needs it. */
export type PhaseParameter =
  'phaseY' | 'phaseX' | 'firstY' | 'firstX' | 'tapY' | 'tapX' | 'tapsX' | 'phaseHeight' | 'phaseWidth'

const PARAMETERS: Readonly<Record<ProductParameter, 'u32'>> = {
  ...{ rows: 'u32', steps: 'u32', columns: 'u32', columnTiles: 'u32', stepsPerPart: 'u32', partSize: 'u32' },
  ...{ height: 'u32', width: 'u32', channels: 'u32', outHeight: 'u32', outWidth: 'u32', outChannels: 'u32' },
  ...{ kernel: 'u32', stride: 'u32', pad: 'u32' },
  ...{ phaseY: 'u32', phaseX: 'u32', firstY: 'u32', firstX: 'u32', tapY: 'u32', tapX: 'u32', tapsX: 'u32' },
  ...{ phaseHeight: 'u32', phaseWidth: 'u32' },
}

interface Gather {
  /** vec3i of a row. */
  readonly row: string
  /** vec3i of a step. */
  readonly step: string
  /** Index in the image from `r` and `s`, -1 for the border. */
  readonly left: string
  /** Index in the other operand from step `k`, its `s` and `column`. */
  readonly right: string
  /** Index in the result from `row` and `column`. */
  readonly result: string
  /** Neighbouring threads read neighbouring channels: whether these are steps or rows and columns. */
  readonly leftAlongSteps: boolean
  readonly rightAlongSteps: boolean
}

/** Pixel of the image under a tap of an output: rows are outputs or taps, steps the other. */
const IMAGE_INDEX = `
  let y = r.y + s.y;
  let x = r.z + s.z;
  if (y < 0 || y >= i32(p.height) || x < 0 || x >= i32(p.width)) { return -1; }`

const GATHERS: Readonly<Record<ProductKind, Gather>> = {
  // rows: outputs; steps: taps and channels; columns: output channels.
  forward: {
    row: `
  let pixel = row / p.outWidth;
  return vec3i(i32(pixel / p.outHeight), i32((pixel % p.outHeight) * p.stride) - i32(p.pad),
    i32((row % p.outWidth) * p.stride) - i32(p.pad));`,
    step: `
  let tap = k / p.channels;
  return vec3i(i32(k % p.channels), i32(tap / p.kernel), i32(tap % p.kernel));`,
    left: `${IMAGE_INDEX}
  return ((r.x * i32(p.height) + y) * i32(p.width) + x) * i32(p.channels) + s.x;`,
    right: 'return k * p.columns + column;',
    result: 'return row * p.columns + column;',
    ...{ leftAlongSteps: true, rightAlongSteps: false },
  },
  // rows: pixels of one phase; steps: its taps and output channels; columns: channels. The gathered image is dy.
  'input-gradient': {
    row: `
  let pixel = row / p.phaseWidth;
  return vec3i(i32(pixel / p.phaseHeight), i32(pixel % p.phaseHeight + p.firstY), i32(row % p.phaseWidth + p.firstX));`,
    step: `
  let tap = k / p.outChannels;
  return vec3i(i32(k % p.outChannels), i32(tap / p.tapsX), i32(tap % p.tapsX));`,
    left: `
  let y = r.y - s.y;
  let x = r.z - s.z;
  if (y < 0 || y >= i32(p.outHeight) || x < 0 || x >= i32(p.outWidth)) { return -1; }
  return ((r.x * i32(p.outHeight) + y) * i32(p.outWidth) + x) * i32(p.outChannels) + s.x;`,
    right: `
  let ky = p.tapY + u32(s.y) * p.stride;
  let kx = p.tapX + u32(s.z) * p.stride;
  return ((ky * p.kernel + kx) * p.columns + column) * p.outChannels + u32(s.x);`,
    result: `
  let pixel = row / p.phaseWidth;
  let y = (pixel % p.phaseHeight) * p.stride + p.phaseY;
  let x = (row % p.phaseWidth) * p.stride + p.phaseX;
  return (((pixel / p.phaseHeight) * p.height + y) * p.width + x) * p.columns + column;`,
    ...{ leftAlongSteps: true, rightAlongSteps: true },
  },
  // rows: taps and channels; steps: outputs; columns: output channels.
  'filter-gradient': {
    row: `
  let tap = row / p.channels;
  return vec3i(i32(row % p.channels), i32(tap / p.kernel) - i32(p.pad), i32(tap % p.kernel) - i32(p.pad));`,
    step: `
  let pixel = k / p.outWidth;
  return vec3i(i32(pixel / p.outHeight), i32((pixel % p.outHeight) * p.stride), i32((k % p.outWidth) * p.stride));`,
    left: `${IMAGE_INDEX}
  return ((s.x * i32(p.height) + y) * i32(p.width) + x) * i32(p.channels) + r.x;`,
    right: 'return k * p.columns + column;',
    result: 'return row * p.columns + column;',
    ...{ leftAlongSteps: false, rightAlongSteps: false },
  },
}

export function productProgram(kind: ProductKind, tileColumns: number): Program<ProductParameter> {
  const gather = GATHERS[kind]
  const threads = (TILE_ROWS / THREAD_ROWS) * (tileColumns / 4)
  return {
    name: `${kind} ${String(tileColumns)}`,
    threads,
    reads: [
      { name: 'left', type: 'f32' },
      { name: 'right', type: 'f32' },
    ],
    writes: [{ name: 'result', type: 'f32' }],
    parameters: PARAMETERS,
    declarations: declarations(gather, tileColumns),
    main: mainOf(gather, tileColumns, threads),
  }
}

function declarations(gather: Gather, tileColumns: number): string {
  return `
var<workgroup> rowInfo: array<vec3i, ${String(TILE_ROWS)}>;
var<workgroup> stepInfo: array<vec3i, ${String(STEP)}>;
var<workgroup> leftTile: array<f32, ${String(STEP * ROW_STRIDE)}>;
var<workgroup> rightTile: array<f32, ${String(STEP * (tileColumns + 1))}>;
fn rowOf(row: u32) -> vec3i {${gather.row}
}
fn stepOf(k: u32) -> vec3i {${gather.step}
}
fn leftIndex(r: vec3i, s: vec3i) -> i32 {${gather.left}
}
fn rightIndex(k: u32, s: vec3i, column: u32) -> u32 {
  ${gather.right}
}
fn resultIndex(row: u32, column: u32) -> u32 {
  ${gather.result}
}`
}

/** `kk` and the other coordinate of element `e` of a tile. */
function tilePosition(alongSteps: boolean, size: number, other: string): string {
  return alongSteps
    ? `let kk = e % ${String(STEP)}u; let ${other} = e / ${String(STEP)}u;`
    : `let kk = e / ${String(size)}u; let ${other} = e % ${String(size)}u;`
}

function mainOf(gather: Gather, tileColumns: number, threads: number): string {
  const stride = tileColumns + 1
  const perRow = tileColumns / 4
  return `
  let rowBegin = (group.y * groups.x + group.x) * ${String(TILE_ROWS)}u;
  if (rowBegin >= p.rows) { return; }
  let columnBegin = (group.z % p.columnTiles) * ${String(tileColumns)}u;
  let part = group.z / p.columnTiles;
  let begin = part * p.stepsPerPart;
  let end = min(p.steps, begin + p.stepsPerPart);
  for (var r = local; r < ${String(TILE_ROWS)}u; r += ${String(threads)}u) {
    rowInfo[r] = rowOf(min(rowBegin + r, p.rows - 1u));
  }
  var sum: array<vec4f, 4>;
  let row = (local / ${String(perRow)}u) * 4u;
  let column = (local % ${String(perRow)}u) * 4u;
  for (var first = begin; first < end; first += ${String(STEP)}u) {
    if (local < ${String(STEP)}u) { stepInfo[local] = stepOf(min(first + local, end - 1u)); }
    workgroupBarrier();
    for (var e = local; e < ${String(STEP * TILE_ROWS)}u; e += ${String(threads)}u) {
      ${tilePosition(gather.leftAlongSteps, TILE_ROWS, 'r')}
      var value = 0.0;
      if (first + kk < end && rowBegin + r < p.rows) {
        let at = leftIndex(rowInfo[r], stepInfo[kk]);
        if (at >= 0) { value = left[at]; }
      }
      leftTile[kk * ${String(ROW_STRIDE)}u + r] = value;
    }
    for (var e = local; e < ${String(STEP * tileColumns)}u; e += ${String(threads)}u) {
      ${tilePosition(gather.rightAlongSteps, tileColumns, 'c')}
      var value = 0.0;
      if (first + kk < end && columnBegin + c < p.columns) {
        value = right[rightIndex(first + kk, stepInfo[kk], columnBegin + c)];
      }
      rightTile[kk * ${String(stride)}u + c] = value;
    }
    workgroupBarrier();
    for (var kk = 0u; kk < ${String(STEP)}u; kk++) {
      let l = kk * ${String(ROW_STRIDE)}u + row;
      let c = kk * ${String(stride)}u + column;
      let factors = vec4f(rightTile[c], rightTile[c + 1u], rightTile[c + 2u], rightTile[c + 3u]);
      sum[0] += leftTile[l] * factors;
      sum[1] += leftTile[l + 1u] * factors;
      sum[2] += leftTile[l + 2u] * factors;
      sum[3] += leftTile[l + 3u] * factors;
    }
  }
  for (var r = 0u; r < 4u; r++) {
    if (rowBegin + row + r < p.rows) {
      for (var c = 0u; c < 4u; c++) {
        let at = columnBegin + column + c;
        if (at < p.columns) { result[part * p.partSize + resultIndex(rowBegin + row + r, at)] = sum[r][c]; }
      }
    }
  }`
}
