// What scoring costs where the decoded crops do not fit into memory, in a process with the flags of a worker:
//   node tests/bench/streaming.ts wasm 2000 100 1 [PRESET]
// makes 2,000 JPEG pictures of 640 x 480 with a person each, scores them three times with the smallest member of PRESET (mini-pose unless
// given) at 256 x 192, keeping 100 MB of decoded crops, with one thread that decodes (0: the computing thread itself). Prints the seconds of
// each pass, the score, and the largest resident size.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { chooseBackend } from '../../src-main/compute/choose-backend.ts'
import { BACKENDS, presetSchema } from '../../src-main/contract/index.ts'
import { makePictures } from '../../src-main/datasets/bench-loader.ts'
import { WORKER_FLAGS } from '../../src-main/engine/executors/worker-flags.ts'
import { smallestGenotype } from '../../src-main/nas/named-genotypes.ts'
import { forwardWithRunning } from '../../src-main/training/score-subnet.ts'
import { openRunContext } from '../../src-main/worker/run-context.ts'
import { freshSupernet } from '../../src-main/worker/supernet-files.ts'
import { LOADER_THREAD } from '../support/loader-thread.ts'
import { WEBGPU_ENTRIES } from '../support/webgpu-kernels.ts'

const PASSES = 3
const BATCH = 16
const MEGA = 1e6

if (!WORKER_FLAGS.every((flag) => process.execArgv.includes(flag))) {
  const flags = [...new Set([...WORKER_FLAGS, ...process.execArgv])]
  const again = [...flags, fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  process.exit(spawnSync(process.execPath, again, { stdio: 'inherit' }).status ?? 1)
}
const [backend = 'wasm', crops = '2000', kept = '100', threads = '1', preset = 'mini-pose'] =
  process.argv.slice(2)
process.env['TF_NUM_INTRAOP_THREADS'] = '1'
process.env['TF_NUM_INTEROP_THREADS'] = '1'
const file = new URL(`../../resources/presets/${preset}.json`, import.meta.url)
const { config: given } = presetSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
const folder = await makePictures(Number(crops))
try {
  const annotations = join(folder, 'annotations')
  await copyFile(
    join(annotations, 'person_keypoints_train.json'),
    join(annotations, 'person_keypoints_val.json'),
  )
  const config = {
    ...given,
    network: { ...given.network, inputHeight: 256, inputWidth: 192 },
    dataset: {
      ...{ ...given.dataset, source: 'coco' as const, path: folder, searchSplit: 'official' as const },
      ...{ searchLimit: 10, reportLimit: Number(crops), nearDuplicates: 'ignore' as const },
    },
  }
  const { kernels } = await chooseBackend(BACKENDS.find((name) => name === backend) ?? 'wasm', WEBGPU_ENTRIES)
  const run = await openRunContext(config, kernels, {
    keptPictureBytes: Number(kept) * MEGA,
    pictureThreads: threads === '0' ? null : { threadUrl: LOADER_THREAD, threads: Number(threads) },
  })
  const session = freshSupernet(run).openEvaluation()
  const forward = forwardWithRunning(session, run.plan(smallestGenotype(run.space)))
  const images = run.scoring('report')
  console.log(`${backend}, ${images.count} crops, ${kept} MB kept, ${threads} threads that decode`)
  for (let pass = 1; pass <= PASSES; pass++) {
    const started = performance.now()
    const { accuracy } = await images.score(kernels, forward, { flipTest: false, batch: BATCH })
    const seconds = (performance.now() - started) / 1000
    console.log(`pass ${pass}: ${seconds.toFixed(2)} s, score ${accuracy}`)
  }
  console.log(`at most ${((process.resourceUsage().maxRSS * 1024) / MEGA).toFixed(0)} MB resident`)
  run.dispose()
} finally {
  await rm(folder, { recursive: true, force: true })
}
