import { describe, expect, it } from 'vitest'
import { configLines } from '../../../../src-renderer/lib/config-lines.ts'
import { overridesBetween, valueAt, withOverrides } from '../../../../src-renderer/lib/config-paths.ts'
import { checkForm, textOf } from '../../../../src-renderer/lib/run-form.ts'
import { FIELDS, fieldsOf } from '../../../../src-renderer/lib/run-form-fields.ts'
import { samplePreset } from '../support/sample-run.ts'

const preset = samplePreset()
const form = (texts: Readonly<Record<string, string>>, given = {}) => checkForm({ preset, texts, given })

describe('checkForm', () => {
  it('sends nothing for an untouched form', () => {
    expect(form({})).toEqual({ overrides: {}, config: preset.config, problems: {} })
  })

  it('sends what differs from the preset, typed', () => {
    const { overrides, config, problems } = form({
      'supernet.epochs': '7',
      'space.depthChoices': '1, 2, 3, 4',
      'space.layout': '2:1, 3:2',
      'search.flipTest': 'true',
      'search.maxMacs': '',
      seed: String(preset.config.seed),
    })
    expect(problems).toEqual({})
    expect(overrides).toEqual({
      'supernet.epochs': 7,
      'space.depthChoices': [1, 2, 3, 4],
      'space.layout': [
        [2, 1],
        [3, 2],
      ],
      ...(preset.config.search.flipTest ? {} : { 'search.flipTest': true }),
    })
    expect(config.supernet.epochs).toBe(7)
  })

  it('names the field that is not a number, and the one that is out of range', () => {
    const { problems } = form({ 'supernet.batch': 'many', 'supernet.epochs': '-1' })
    expect(problems['supernet.batch']).toBe("'many' is not a number")
    expect(problems['supernet.epochs']).toBe('more than 0')
  })

  it('puts a problem inside a list onto the field of the list', () => {
    expect(Object.keys(form({ 'space.depthChoices': '1, 77' }).problems)).toEqual(['space.depthChoices'])
  })

  it('applies what has no field, such as the folder of a dataset', () => {
    const { config } = form({}, { 'dataset.source': 'coco', 'dataset.path': '/data/people' })
    expect(config.dataset).toMatchObject({ source: 'coco', path: '/data/people' })
  })
})

describe('fields', () => {
  it('all read a value that the configuration has', () => {
    // Fields of bottom-up pose are in the configurations of that task only.
    const missing = FIELDS.filter(
      (field) =>
        field.when?.(preset.config) !== false &&
        valueAt(preset.config, field.path) === undefined &&
        // An empty text and a stated default stand for a key that is left out.
        field.kind !== 'text' &&
        field.whenAbsent === undefined,
    )
    expect(missing.map((field) => field.path)).toEqual([])
  })

  it('keep their places when another is wrong, so that it can be mended', () => {
    const given = { 'dataset.source': 'coco', 'dataset.path': '/data/people' }
    const { problems, config } = form({ 'dataset.detections': '/data/boxes.json' }, given)
    expect(problems['dataset.detections']).toBe(
      'boxes of a detector are scored by AP; set pose.metric to ap, it is pck',
    )
    expect(fieldsOf('data', config, true).map(({ path }) => path)).toContain('dataset.detections')
    const mended = form({ 'dataset.detections': '/data/boxes.json', 'pose.metric': 'ap' }, given)
    expect(mended.problems).toEqual({})
    expect(mended.overrides).toEqual({
      ...{ ...given, 'dataset.detections': '/data/boxes.json', 'pose.metric': 'ap' },
    })
    expect(form({ 'dataset.detections': ' ' }, mended.overrides).overrides).not.toHaveProperty([
      'dataset.detections',
    ])
  })

  it('offer the threads that a preset leaves to the measurement, and say what they may be', () => {
    const shown = fieldsOf('compute', preset.config, true).map(({ path }) => path)
    expect(shown).toContain('compute.loaderThreads')
    expect(textOf({ preset, texts: {}, given: {} }, 'search.threads')).toBe('0')
    expect(form({ 'compute.loaderThreads': '2', 'search.threads': '1' }).overrides).toEqual({
      'compute.loaderThreads': 2,
      'search.threads': 1,
    })
    expect(form({ 'compute.loaderThreads': '99' }).problems['compute.loaderThreads']).toMatch(/16/)
  })

  it('show a text that parses back to the same value', () => {
    const texts = Object.fromEntries(
      FIELDS.map((field) => [field.path, textOf({ preset, texts: {}, given: {} }, field.path)]),
    )
    expect(form(texts)).toMatchObject({ overrides: {}, problems: {} })
  })
})

describe('config paths', () => {
  it('overrides lead from one configuration to another and back to nothing', () => {
    const other = { ...preset.config, seed: 99, space: { ...preset.config.space, depthChoices: [2, 3] } }
    const overrides = overridesBetween(preset.config, other)
    expect(overrides).toEqual({ seed: 99, 'space.depthChoices': [2, 3] })
    expect(withOverrides(preset.config, overrides)).toEqual(other)
    expect(overridesBetween(other, other)).toEqual({})
  })

  it('lists every value once', () => {
    const lines = configLines(preset.config)
    expect(lines.find((line) => line.path === 'space.depthChoices')?.value).toBe('[1,2,3]')
    expect(new Set(lines.map((line) => line.path)).size).toBe(lines.length)
  })
})
