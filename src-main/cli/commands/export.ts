import { existsSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ANNOUNCED_EXPORT_FORMATS, EngineError, EXPORT_FORMATS, protocolText } from '../../contract/index.ts'
import type { ExportFormat, ExportResult } from '../../contract/index.ts'
import { DATA_ARG, EXIT, flag, JSON_ARG, requireText, text } from '../command-line.ts'
import type { Command, CommandArgs, CommandContext } from '../command-line.ts'
import { findCandidateId } from '../find-candidate.ts'
import { withEngine } from '../open-engine.ts'
import { giveToUser, makeUserFolder } from '../user-files.ts'

export const exportCommand: Command = {
  description: 'Write a candidate as a network of its own, with a model card',
  example: 'scalenas export r-7f3k9a2m:12 --format safetensors --out ./small-pose',
  args: {
    candidate: {
      type: 'positional',
      required: true,
      description: 'Id of a candidate (r-…:12) or of a genotype (12 hex digits) in the data folder',
    },
    format: {
      type: 'string',
      valueHint: [...EXPORT_FORMATS, ...ANNOUNCED_EXPORT_FORMATS].join('|'),
      description: `Available now: ${EXPORT_FORMATS.join(', ')}`,
    },
    out: { type: 'string', valueHint: 'DIR', description: 'Folder for the files; made if it is not there' },
    live: {
      type: 'boolean',
      description: 'Leave out layers that cannot influence the output (the search counts them)',
    },
    'fold-norms': {
      type: 'boolean',
      description:
        'Write convolutions with the batch norms folded in, for deployment: no norms, outputs within 1e-4',
    },
    ...DATA_ARG,
    ...JSON_ARG,
  },
  run(args, context) {
    // Before an engine is opened: a wrong request is answered at once.
    const format = readFormat(args)
    const out = resolve(requireOut(args))
    return withEngine(args, context, async (services) => {
      const id = await findCandidateId(requireText(args, 'candidate'), services)
      context.terminal.err(`exporting ${id}: recalibrate, write, read back, score`)
      const result = await services.candidates.export({
        ...{ id, format },
        dropsDeadLayers: flag(args, 'live'),
        foldsNorms: flag(args, 'fold-norms'),
      })
      await copyFiles(result, out, context)
      const report = { ...result, folder: out }
      context.terminal.out(flag(args, 'json') ? JSON.stringify(report, null, 2) : describe(report))
      return EXIT.done
    })
  },
}

/** @throws EngineError BAD_REQUEST that says what is available now. */
export function readFormat(args: CommandArgs): ExportFormat {
  const given = text(args, 'format')
  const format = EXPORT_FORMATS.find((known) => known === given)
  if (format !== undefined) {
    return format
  }
  const available = `Available now: ${EXPORT_FORMATS.join(', ')}.`
  if (given === undefined) {
    throw new EngineError('BAD_REQUEST', `--format is missing. ${available}`)
  }
  const isAnnounced = ANNOUNCED_EXPORT_FORMATS.some((known) => known === given)
  throw new EngineError(
    'BAD_REQUEST',
    isAnnounced
      ? `--format ${given} is not available yet. ${available}`
      : `--format "${given}" is unknown. ${available}`,
  )
}

function requireOut(args: CommandArgs): string {
  const out = text(args, 'out')
  if (out === undefined) {
    throw new EngineError('BAD_REQUEST', '--out is missing: the folder for the files.')
  }
  return out
}

/** The engine writes below its data folder only; where the files shall lie is the caller's business. */
async function copyFiles(
  { folder, files }: ExportResult,
  out: string,
  context: CommandContext,
): Promise<void> {
  try {
    await makeUserFolder(out, context)
    for (const { name } of files) {
      const target = join(out, name)
      // One that is there keeps its mode, as with any copy.
      const isNew = !existsSync(target)
      await copyFile(join(folder, name), target)
      await giveToUser(isNew ? [target] : [], context)
    }
  } catch (thrown) {
    throw new EngineError('STORAGE', `The files cannot be written to ${out}: ${String(thrown)}`)
  }
}

function describe({ folder, files, card }: ExportResult): string {
  const { checks, metricName, cost } = card
  const recorded = checks.recordedAccuracy === null ? 'not scored' : percent(checks.recordedAccuracy)
  return [
    `${card.origin.genotypeId} (${card.origin.candidateId}) is in ${folder}`,
    ...files.map(({ name, bytes }) => `  ${name}  ${bytes.toLocaleString('en')} bytes`),
    `params ${cost.params.toLocaleString('en')}, multiply-adds ${cost.macs.toLocaleString('en')}`,
    `${metricName}: in the search ${recorded}, before writing ${percent(checks.inheritedAccuracy)}, ` +
      `of the written file ${percent(checks.writtenAccuracy)}; ${protocolText(checks.protocol, card.task)}`,
    `largest output difference ${checks.parity.toExponential(1)} of the largest output`,
  ].join('\n')
}

function percent(value: number): string {
  return `${(100 * value).toFixed(3)}%`
}
