import type { DatasetFormat } from '../../contract/index.ts'
import type { LocateImage } from '../check-persons.ts'
import type { PoseDataset } from '../dataset.ts'
import { LeftOut } from '../left-out.ts'
import { openImageLocator } from '../locate-image.ts'
import { assemblePoseDataset, type FolderOptions } from '../pose-dataset.ts'
import { findCocoFiles, findCrowdposeFiles, imageFoldersOf, type AnnotationFiles } from './coco-folder.ts'
import { readPersons } from './read-persons.ts'

/**
 * Opens a COCO keypoint folder. The search split is cut from the training pictures; the report split is the validation file.
 *
 * @throws EngineError DATASET if nothing usable is left, or for what {@link readPersons} refuses.
 */
export async function openCocoDataset(options: FolderOptions): Promise<PoseDataset> {
  return openFiles(options, 'coco', await findCocoFiles(options.path))
}

/** Opens CrowdPose: files of COCO's form with a crowd index for each image. @throws EngineError DATASET. */
export async function openCrowdposeDataset(options: FolderOptions): Promise<PoseDataset> {
  return openFiles(options, 'crowdpose', await findCrowdposeFiles(options.path))
}

async function openFiles(
  options: FolderOptions,
  format: DatasetFormat,
  { trainFile, reportFile, unused }: AnnotationFiles,
): Promise<PoseDataset> {
  const { path } = options
  const leftOut = new LeftOut()
  const locatorOf = (file: string): Promise<LocateImage> => openImageLocator(path, imageFoldersOf(file))
  const read = async (file: string) => readPersons(path, file, await locatorOf(file), leftOut, options.index)
  const train = await read(trainFile)
  const report = reportFile === null ? null : await read(reportFile)
  const notes = [
    `training from ${trainFile}${reportFile === null ? '' : `, report from ${reportFile}`}`,
    ...unused.map((file) => `${file} is not used`),
  ]
  const { detections, detectionThreshold: threshold = 0 } = options.config
  return assemblePoseDataset({
    ...{ ...options, format, train, report, leftOut, notes, warnings: [] },
    ...(detections !== undefined && {
      detections: {
        ...{ file: detections, threshold, persons: report ?? train },
        locate: await locatorOf(reportFile ?? trainFile),
        ...(options.index !== undefined && { index: options.index }),
      },
    }),
  })
}
