import { describe, expect, it } from 'vitest'
import { drawErrors, drawPrediction, drawTruth } from '../../../../src-renderer/lib/draw-pose.ts'
import type { PoseContext, PoseDrawing } from '../../../../src-renderer/lib/draw-pose.ts'
import { jointErrors } from '../../../../src-renderer/lib/joint-errors.ts'

const colorOf = (style: PoseContext['fillStyle']): string => (typeof style === 'string' ? style : 'no colour')

/** Writes down lines and circles with the colour that they had when they were stroked or filled. */
function recorder(): { readonly context: PoseContext; readonly lines: string[]; readonly circles: string[] } {
  const lines: string[] = []
  const circles: string[] = []
  let path = ''
  const context: PoseContext = {
    beginPath: () => (path = ''),
    moveTo: (x, y) => (path += `${String(x)},${String(y)}`),
    lineTo: (x, y) => (path += ` ${String(x)},${String(y)}`),
    arc: (x, y) => (path = `o${String(x)},${String(y)}`),
    stroke: () =>
      path.startsWith('o') ||
      lines.push(`${path} ${colorOf(context.strokeStyle)} ${String(context.lineWidth)}`),
    fill: () => circles.push(`${path} ${colorOf(context.fillStyle)}`),
    setLineDash: () => undefined,
    strokeStyle: '',
    fillStyle: '',
    lineWidth: 1,
    lineCap: 'butt',
  }
  return { context, lines, circles }
}

const drawing: PoseDrawing = {
  skeleton: {
    edges: [
      [0, 1],
      [1, 2],
    ],
    sides: ['left', 'left', 'right'],
  },
  scale: 2,
  thickness: 3,
  colors: { left: 'sky', right: 'orange', centre: 'lime', truth: 'white', casing: 'black', error: 'red' },
}
const joints = [
  [0, 0, 0.9],
  [5, 0, 0.8],
  [5, 5, 0.1],
] as const

describe('drawPrediction', () => {
  it('draws casings below bones, in the colour of their side, scaled to the canvas', () => {
    const { context, lines } = recorder()
    drawPrediction(context, joints, drawing, 0)
    expect(lines).toEqual(['0,0 10,0 black 6', '10,0 10,10 black 6', '0,0 10,0 sky 3', '10,0 10,10 lime 3'])
  })

  it('leaves out joints of little confidence and their bones', () => {
    const { context, lines, circles } = recorder()
    drawPrediction(context, joints, drawing, 0.5)
    expect(lines).toHaveLength(2)
    expect(circles).toEqual(['o0,0 sky', 'o10,0 sky'])
  })
})

describe('drawTruth', () => {
  it('is white; occluded joints are hollow, unlabelled ones are not there', () => {
    const { context, circles } = recorder()
    drawTruth(
      context,
      [
        [1, 1, 2],
        [2, 2, 1],
        [3, 3, 0],
      ],
      drawing,
    )
    expect(circles).toEqual(['o2,2 white', 'o4,4 black'])
  })
})

describe('errors of joints', () => {
  const truth = [
    [3, 4, 2],
    [5, 0, 0],
    [5, 6, 1],
  ] as const

  it('lead from the answer to the labelled truth', () => {
    const { context, lines } = recorder()
    drawErrors(context, joints, truth, drawing)
    expect(lines.map((line) => line.split(' red')[0])).toEqual(['0,0 6,8', '10,10 10,12'])
  })

  it('are listed worst first, joints without truth last', () => {
    const skeleton = { joints: ['left_hip', 'neck', 'right_knee'], sides: drawing.skeleton.sides }
    expect(jointErrors(skeleton, joints, truth).map((row) => [row.name, row.offBy])).toEqual([
      ['left hip', 5],
      ['right knee', 1],
      ['neck', null],
    ])
  })
})
