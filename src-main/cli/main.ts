import { showLines } from '../contract/index.ts'
import { readCodeVersion } from '../engine/code-version.ts'
import { EXIT } from './command-line.ts'
import { benchCommand } from './commands/bench.ts'
import { doctorCommand } from './commands/doctor.ts'
import { evaluateCommand } from './commands/evaluate.ts'
import { exportCommand } from './commands/export.ts'
import { fineTuneCommand } from './commands/fine-tune.ts'
import { forwardCommand } from './commands/forward.ts'
import { importCommand } from './commands/import.ts'
import { inspectCommand } from './commands/inspect.ts'
import { datasetsCommand, presetsCommand } from './commands/listings.ts'
import { predictCommand } from './commands/predict.ts'
import { restoreCommand } from './commands/restore.ts'
import { runCommand } from './commands/run.ts'
import { deleteCommand, resumeCommand, runsCommand, showCommand, stopCommand } from './commands/runs.ts'
import { serveCommand } from './commands/serve.ts'
import { studioCommand } from './commands/studio.ts'
import { studyCommand } from './commands/study.ts'
import { tokenCommand } from './commands/token.ts'
import { endDespiteSilence } from './end-process.ts'
import { runCommandLine } from './run-command-line.ts'

/** Entry of `scalenas`. Paths differ between sources (src-main/cli) and build (out/main); everything else sits in siblings. */
const isSource = import.meta.url.endsWith('.ts')

/** What this program and its workers write is for its owner alone; cli/user-files.ts gives users what is theirs. */
const userUmask = process.umask(0o077)

const interrupt = new AbortController()
process.on('SIGINT', endOnSecond)
process.on('SIGTERM', endOnSecond)
// A closed terminal sends it to everybody at once, so that it arrives more than once; it never means "at once".
process.on('SIGHUP', () => {
  interrupt.abort()
})
// What is printed after the terminal has gone, or its reader (`| head`), is for nobody.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', ignoreGone)
}

process.exitCode = await runCommandLine(
  {
    studio: studioCommand,
    serve: serveCommand,
    token: tokenCommand,
    run: runCommand,
    resume: resumeCommand,
    runs: runsCommand,
    show: showCommand,
    stop: stopCommand,
    delete: deleteCommand,
    presets: presetsCommand,
    datasets: datasetsCommand,
    inspect: inspectCommand,
    forward: forwardCommand,
    predict: predictCommand,
    evaluate: evaluateCommand,
    import: importCommand,
    export: exportCommand,
    study: studyCommand,
    'fine-tune': fineTuneCommand,
    bench: benchCommand,
    restore: restoreCommand,
    doctor: doctorCommand,
  },
  process.argv.slice(2),
  {
    parts: {
      workerEntry: new URL(isSource ? '../worker/main.ts' : './worker.js', import.meta.url),
      resourcesFolder: new URL('../../resources/', import.meta.url),
      rendererFolder: new URL(isSource ? '../../out/renderer/' : '../renderer/', import.meta.url),
      projectRoot: new URL('../../', import.meta.url),
      codeVersion: await readCodeVersion(new URL('../../package.json', import.meta.url)),
    },
    terminal: {
      // Names and messages may come out of foreign files; a terminal would obey what is in them.
      out: (text) => process.stdout.write(`${showLines(text)}\n`),
      err: (text) => process.stderr.write(`${showLines(text)}\n`),
      isInteractive: process.stderr.isTTY,
    },
    interrupted: interrupt.signal,
    userUmask,
  },
)

endDespiteSilence(process.exitCode)

/** @throws what is not the end of the reader. */
function ignoreGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') {
    throw error
  }
}

/** The first Ctrl+C asks for an orderly end, the second does not wait for it. */
function endOnSecond(): void {
  if (interrupt.signal.aborted) {
    process.exit(EXIT.interrupted)
  }
  interrupt.abort()
}
