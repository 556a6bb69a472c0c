import { z } from 'zod'
import { taskKindSchema } from './config.ts'

/** Published results as reference points on charts (method.md part 10): data in resources/published.json. */

const imageSize = z.object({ height: z.number().int().positive(), width: z.number().int().positive() })

/** What a table of results was measured on. */
export const publishedProtocolSchema = z.object({
  id: z.string().regex(/^[a-z0-9-]+$/),
  task: taskKindSchema,
  /** As people write it: "Cityscapes val, single scale, no flip". */
  title: z.string(),
  dataset: z.string(),
  /** 'AP', 'mIoU', 'PCKh@0.5': the name that the accuracy axis of a run must have. */
  metric: z.string(),
  /** Joints or classes of the dataset in the order of its labels; a run must have the same to be compared. */
  labels: z.array(z.string()).min(2),
  /** What its GFLOPs are: multiply-adds / 2^30, or / 10^9 with deconvolutions at output size (method.md 4.1 rules 4 and 5). */
  counter: z.enum(['macs-2^30', 'macs-10^9']),
})
export type PublishedProtocol = z.infer<typeof publishedProtocolSchema>

export const publishedPointSchema = z.object({
  protocol: z.string(),
  method: z.string(),
  backbone: z.string(),
  /** Input that GFLOPs are counted at; bottom-up networks print one side of a square. */
  input: imageSize,
  /** In millions as printed; null = not given in the source. */
  paramsMillions: z.number().positive().nullable(),
  gigaMacs: z.number().positive().nullable(),
  /** In [0, 1]; printed as a percentage. */
  accuracy: z.number().min(0).max(1),
  /** Further printed metrics in [0, 1]: AP50, AP75, APM, APL, AR, joints. */
  metrics: z.record(z.string(), z.number().min(0).max(1)),
  /** Codes of `sources`. */
  sources: z.array(z.string()).min(1),
  /** Whether it is a network of this method. */
  isScaleNet: z.boolean(),
  /** What else has to be said: other printed values, decisions. */
  note: z.string(),
})
export type PublishedPoint = z.infer<typeof publishedPointSchema>

export const publishedResultsSchema = z.object({
  /** Code → full name of the source. */
  sources: z.record(z.string(), z.string()),
  protocols: z.array(publishedProtocolSchema),
  points: z.array(publishedPointSchema),
})
export type PublishedResults = z.infer<typeof publishedResultsSchema>
