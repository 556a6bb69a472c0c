import { protocolText } from '../contract/index.ts'
import type { CardOutput, FineTuneScores, ModelCard } from '../contract/index.ts'

/** The card as Markdown, for people; everything in it is in the JSON as well. */
export function describeModelCard(card: ModelCard): string {
  return [
    `# ${card.origin.runName}: ${card.origin.genotypeId}`,
    '',
    ...introduction(card),
    '',
    ...section('Network', networkRows(card)),
    ...section('Score', scoreRows(card)),
    ...(card.fineTuning === null ? [] : section('Fine-tune', fineTuneRows(card.fineTuning))),
    ...section('Origin', originRows(card)),
    ...section('Data', dataRows(card)),
    '## Use',
    '',
    `\`${card.weights.file}\` is a PyTorch state dict under the official parameter names:`,
    `\`safetensors.torch.load_file('${card.weights.file}')\`.${card.weights.normsFolded === true ? FOLDED_USE : ''} The architecture is \`genotype.json\`: per module the depths of`,
    'the branches and `fusion[step][target][source]`.',
    '',
    ...[card.output, ...(card.furtherOutputs ?? [])].map(describeChannels),
    '',
  ].join('\n')
}

const FOLDED_USE =
  ' Its batch norms are folded: a strict load needs the official module with `bias=True` in every convolution and `nn.Identity` for every norm.'

function describeChannels({ meaning, names, stride }: CardOutput): string {
  const order = names.join(', ')
  return meaning === 'heat maps and tags'
    ? `Channels at stride ${whole(stride)}: heat maps of ${order}; then their tags in the same order.`
    : `Channels of the output at stride ${whole(stride)}, in order: ${order}.`
}

function introduction({ task, fineTuning }: ModelCard): string[] {
  const start = `A ${task} network found by ScaleNAS, with weights inherited from the super-network of its run`
  return fineTuning === null
    ? [`${start} and batch-norm statistics`, 'measured anew for it. It had no training of its own.']
    : [`${start} and`, `${whole(fineTuning.epochs.length)} epochs of training of its own.`]
}

type Row = readonly [name: string, value: string]

function section(title: string, rows: readonly Row[]): string[] {
  return [
    `## ${title}`,
    '',
    '| | |',
    '|---|---|',
    ...rows.map(([name, value]) => `| ${name} | ${value.replaceAll('|', '\\|')} |`),
    '',
  ]
}

function networkRows(card: ModelCard): Row[] {
  const { network, input, output, furtherOutputs = [], cost, weights, grouping } = card
  return [
    ['width', `${whole(network.baseWidth)} channels on branch 0`],
    [
      'input',
      `RGB, ${size(input)}, (value / 255 − [${input.mean.join(', ')}]) / [${input.deviation.join(', ')}]`,
    ],
    ...[output, ...furtherOutputs].map(
      (one) =>
        [
          'output',
          `${one.meaning}, ${whole(one.channels)} channels, ${size(one)} (stride ${whole(one.stride)})`,
        ] as const,
    ),
    ['parameters', `${whole(cost.params)} (${whole(cost.liveParams)} without dead layers)`],
    ['multiply-adds', `${whole(cost.macs)} at ${size(input)}, ${cost.gigaMacs.toFixed(3)} × 2^30`],
    ['batch norms', weights.normsFolded === true ? 'folded into the convolutions' : 'layers of their own'],
    ['dead layers', weights.deadLayersDropped ? 'left out' : 'included, as in the official count'],
    ...(grouping === undefined
      ? []
      : [
          [
            'grouping',
            `joints of heat above ${String(grouping.detectionThreshold)}, tags of one person within ${String(grouping.tagThreshold)}, at most ${whole(grouping.mostPersons)} persons`,
          ] satisfies Row,
        ]),
    [
      'file',
      `${weights.file}: ${whole(weights.tensors)} float32 tensors, ${whole(weights.values)} values, ${whole(weights.counters)} counters`,
    ],
  ]
}

function scoreRows({ task, metricName, checks, fineTuning }: ModelCard): Row[] {
  const { protocol } = checks
  return [
    [
      `${metricName} in the search`,
      checks.recordedAccuracy === null ? 'not scored' : percent(checks.recordedAccuracy),
    ],
    [
      fineTuning === null ? `${metricName} before writing` : `${metricName} inherited, measured again`,
      percent(checks.inheritedAccuracy),
    ],
    [`${metricName} of the written file`, percent(checks.writtenAccuracy)],
    [
      'protocol',
      `${protocolText(protocol, task)} (seed ${String(protocol.recalibrationSeed)})` +
        `${fineTuning === null ? '' : '; of the fine-tuned network as trained'}, backend ${protocol.backend}`,
    ],
    ['largest output difference', `${checks.parity.toExponential(1)} of the largest output`],
  ]
}

function fineTuneRows({ metricName, samples, inherited, fineTuned, ...training }: FineTuneScores): Row[] {
  const { stages, batch, epochs, bestEpoch } = training
  const rates = stages.map((stage) => `${whole(stage.epochs)} epochs at ${String(stage.learningRate)}`)
  return [
    ['training', `Adam, ${rates.join(', then ')}, batch ${whole(batch)}, no distillation`],
    ['kept', `epoch ${whole(bestEpoch)} of ${whole(epochs.length)}, the best on the search split`],
    [
      `${metricName} on the search split (${whole(samples.search)} samples)`,
      `inherited ${percent(inherited.search)}, fine-tuned ${percent(fineTuned.search)}`,
    ],
    [
      `${metricName} on the report split (${whole(samples.report)} samples)`,
      `inherited ${percent(inherited.report)}, fine-tuned ${percent(fineTuned.report)}`,
    ],
  ]
}

function originRows({ origin }: ModelCard): Row[] {
  const { search } = origin
  return [
    ['run', `${origin.runName} (${origin.runId}), preset ${origin.preset}, seed ${String(origin.seed)}`],
    ['candidate', `${origin.candidateId}, generation ${String(origin.generation)}`],
    ['made by', search.label === '' ? search.operator : `${search.operator}: ${search.label}`],
    ['parents', search.parents.length === 0 ? 'none' : search.parents.join(', ')],
    ...(search.operator === 'offspring'
      ? [
          [
            'changes',
            `modules taken ${search.modulesTaken.length === 0 ? 'none' : search.modulesTaken.join(', ')}; ${String(search.edgesFlipped)} fusions flipped`,
          ] as const,
        ]
      : []),
    ['program', `ScaleNAS Studio ${origin.codeVersion}`],
  ]
}

function dataRows({ dataset }: ModelCard): Row[] {
  const { train, search, report } = dataset.splits
  return [
    ['dataset', `${dataset.name} (${dataset.format}), fingerprint ${dataset.fingerprint}`],
    ['splits', `${whole(train)} train, ${whole(search)} search, ${whole(report)} report`],
    ...dataset.found.map((line): Row => ['found', line]),
    ...dataset.leftOut.map(({ reason, count }): Row => ['left out', `${whole(count)}: ${reason}`]),
    ...dataset.warnings.map((warning): Row => ['warning', warning]),
  ]
}

function whole(value: number): string {
  return value.toLocaleString('en')
}

function percent(value: number): string {
  return `${(value * 100).toFixed(3)} %`
}

function size({ height, width }: { readonly height: number; readonly width: number }): string {
  return `${String(height)} × ${String(width)}`
}
