import type { GenotypeJson } from '../../src-main/contract/index.ts'

/** Marks of the loom in pixels: branches are threads, blocks are beads, fusions are the threads that cross. */
export interface LoomLayout {
  readonly width: number
  readonly height: number
  readonly branches: number
  /** Height of each branch's thread. */
  readonly branchY: readonly number[]
  readonly stem: { readonly path: string; readonly beads: readonly LoomBead[] }
  readonly threads: readonly LoomThread[]
  readonly curves: readonly LoomCurve[]
  readonly beads: readonly LoomBead[]
  /** Positions that the genotype leaves empty. */
  readonly ghosts: readonly { readonly x: number; readonly y: number; readonly branch: number }[]
}

export interface LoomThread {
  readonly path: string
  readonly branch: number
  /** Bold as far as blocks reach, thin behind. */
  readonly isBold: boolean
}

export interface LoomCurve {
  readonly path: string
  readonly source: number
  readonly target: number
  readonly module: number
}

export interface LoomBead {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly branch: number
}

export interface LoomOptions {
  readonly width: number
  readonly height: number
  /** Blocks of stage 1; they are drawn outlined. */
  readonly stemBlocks: number
  /** Pixels above the first and below the last thread. */
  readonly margin: number
}

type ModuleJson = GenotypeJson['stages'][number]['modules'][number]

/** Gaps in columns, as in the reference drawing. */
const MODULE_GAP = 0.5
const STAGE_GAP = 0.9
const PADDING = 4

interface Grid {
  readonly column: number
  readonly y: (branch: number) => number
  readonly beadWidth: number
  readonly beadHeight: (branch: number) => number
  readonly maxDepth: number
}

interface PlacedModule {
  readonly module: ModuleJson
  readonly index: number
  readonly x: number
}

/** Places every mark of one genotype. Equal inputs give equal layouts; nothing depends on the screen. */
export function loomLayout(genotype: GenotypeJson, options: LoomOptions): LoomLayout {
  const modules = genotype.stages.flatMap((stage) => stage.modules)
  const branches = Math.max(1, ...modules.map((module) => module.branches))
  const stemColumns = 0.5 + options.stemBlocks * 0.5
  const columns = stemColumns + 1.3 + totalColumns(genotype)
  const column = (options.width - 2 * PADDING) / columns
  const gap = branches > 1 ? (options.height - 2 * options.margin) / (branches - 1) : 0
  const bead = beadSizes(column, gap)
  const grid: Grid = { column, y: (b) => options.margin + b * gap, ...bead, maxDepth: genotype.maxDepth }
  const stemEnd = PADDING + stemColumns * column
  const placed = placeModules(genotype, stemEnd + 0.5 * column, column)
  const end = options.width - PADDING
  return {
    width: options.width,
    height: options.height,
    branches,
    branchY: Array.from({ length: branches }, (_, branch) => grid.y(branch)),
    stem: stemOf(grid, options.stemBlocks, stemEnd),
    threads: threadsOf(grid, placed, branches, stemEnd, end),
    curves: [...transitionsOf(grid, placed, stemEnd), ...placed.flatMap((module) => fusionsOf(grid, module))],
    beads: placed.flatMap((module) => beadsOf(grid, module)),
    ghosts: placed.flatMap((module) => ghostsOf(grid, module)),
  }
}

function beadSizes(column: number, gap: number): Pick<Grid, 'beadWidth' | 'beadHeight'> {
  const beadWidth = Math.min(9, Math.max(2, column * 0.42))
  const base = Math.min(9, Math.max(3.5, gap * 0.16))
  return { beadWidth, beadHeight: (branch) => base * (1 + 0.2 * branch) }
}

function totalColumns(genotype: GenotypeJson): number {
  const counts = genotype.stages.map((stage) => stage.modules.length)
  const modules = counts.reduce((sum, count) => sum + count, 0)
  const stageGaps = Math.max(0, counts.length - 1)
  return (
    modules * genotype.maxDepth + stageGaps * STAGE_GAP + Math.max(0, modules - 1 - stageGaps) * MODULE_GAP
  )
}

function placeModules(genotype: GenotypeJson, start: number, column: number): readonly PlacedModule[] {
  let x = start
  let index = 0
  const placed: PlacedModule[] = []
  genotype.stages.forEach((stage, stageIndex) => {
    stage.modules.forEach((module, moduleIndex) => {
      if (index > 0) {
        x += (moduleIndex === 0 && stageIndex > 0 ? STAGE_GAP : MODULE_GAP) * column
      }
      placed.push({ module, index, x })
      x += genotype.maxDepth * column
      index += 1
    })
  })
  return placed
}

/** Centre of a block position. */
function positionX(grid: Grid, module: PlacedModule, step: number): number {
  return module.x + (step + 0.35) * grid.column
}

function beadAt(grid: Grid, x: number, branch: number): LoomBead {
  const height = grid.beadHeight(branch)
  return { x: x - grid.beadWidth / 2, y: grid.y(branch) - height / 2, width: grid.beadWidth, height, branch }
}

function stemOf(grid: Grid, blocks: number, end: number): LoomLayout['stem'] {
  const beads = Array.from({ length: blocks }, (_, block) =>
    beadAt(grid, PADDING + (0.4 + block * 0.5) * grid.column, 0),
  )
  return { path: `M${fixed(PADDING)} ${fixed(grid.y(0))}H${fixed(end)}`, beads }
}

function threadsOf(
  grid: Grid,
  placed: readonly PlacedModule[],
  branches: number,
  stemEnd: number,
  end: number,
): readonly LoomThread[] {
  const thin = Array.from({ length: branches }, (_, branch) => {
    const first = placed.find((module) => module.module.branches > branch)
    const start = branch === 0 || first === undefined ? stemEnd : positionX(grid, first, 0)
    return { path: `M${fixed(start)} ${fixed(grid.y(branch))}H${fixed(end)}`, branch, isBold: false }
  })
  const bold = placed.flatMap((module) =>
    module.module.depths.map((depth, branch) => {
      const from = fixed(module.x - 0.1 * grid.column)
      const to = fixed(positionX(grid, module, depth - 1))
      return { path: `M${from} ${fixed(grid.y(branch))}H${to}`, branch, isBold: true }
    }),
  )
  return [...thin, ...bold]
}

/** A new branch leaves the coarsest one before the stage that brings it. */
function transitionsOf(grid: Grid, placed: readonly PlacedModule[], stemEnd: number): readonly LoomCurve[] {
  return placed.flatMap((module, index) => {
    const before = placed[index - 1]?.module.branches ?? 1
    const start = index === 0 ? stemEnd - 0.1 * grid.column : module.x - 0.75 * grid.column
    const fresh = Array.from({ length: Math.max(0, module.module.branches - before) }, (_, k) => before + k)
    return fresh.map((branch) => ({
      path: curve(start, grid.y(before - 1), positionX(grid, module, 0), grid.y(branch)),
      source: before - 1,
      target: branch,
      module: module.index,
    }))
  })
}

function fusionsOf(grid: Grid, placed: PlacedModule): readonly LoomCurve[] {
  const half = (branch: number, step: number): number =>
    step < (placed.module.depths[branch] ?? 0) ? grid.beadWidth / 2 : 1
  return placed.module.fusion.flatMap((targets, step) =>
    targets.flatMap((sources, target) =>
      sources.flatMap((bit, source) => {
        if (bit !== 1 || source === target) {
          return []
        }
        const from = positionX(grid, placed, step) + half(source, step)
        const to = positionX(grid, placed, step + 1) - half(target, step + 1)
        return [
          { path: curve(from, grid.y(source), to, grid.y(target)), source, target, module: placed.index },
        ]
      }),
    ),
  )
}

function beadsOf(grid: Grid, placed: PlacedModule): readonly LoomBead[] {
  return placed.module.depths.flatMap((depth, branch) =>
    Array.from({ length: depth }, (_, step) => beadAt(grid, positionX(grid, placed, step), branch)),
  )
}

function ghostsOf(grid: Grid, placed: PlacedModule): LoomLayout['ghosts'] {
  return placed.module.depths.flatMap((depth, branch) =>
    Array.from({ length: Math.max(0, grid.maxDepth - depth) }, (_, k) => ({
      x: positionX(grid, placed, depth + k),
      y: grid.y(branch),
      branch,
    })),
  )
}

/** Control points at 62 % of the gap, as in the design language. */
function curve(x0: number, y0: number, x1: number, y1: number): string {
  const reach = (x1 - x0) * 0.62
  return `M${fixed(x0)} ${fixed(y0)}C${fixed(x0 + reach)} ${fixed(y0)} ${fixed(x1 - reach)} ${fixed(y1)} ${fixed(x1)} ${fixed(y1)}`
}

function fixed(value: number): string {
  return value.toFixed(1)
}

/** Blocks and optional fusions of a genotype, for its facts line. */
export function countGenotype(genotype: GenotypeJson): { readonly blocks: number; readonly fusions: number } {
  const modules = genotype.stages.flatMap((stage) => stage.modules)
  const blocks = modules.flatMap((module) => module.depths).reduce((sum, depth) => sum + depth, 0)
  const fusions = modules
    .flatMap((module) => module.fusion)
    .flatMap((targets) =>
      targets.flatMap((sources, target) => sources.filter((_, source) => source !== target)),
    )
    .reduce((sum, bit) => sum + bit, 0)
  return { blocks, fusions }
}
