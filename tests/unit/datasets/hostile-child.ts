import { checkImageFile, decodeImage } from '../../../src-main/datasets/image-file.ts'
import { checkLabelMap, indexTable } from '../../../src-main/datasets/label-map.ts'

// Looks at one file in a process of its own and prints what it was told and how much the process grew at most.
const path = process.argv[2] ?? ''
const kilobytes = () => process.resourceUsage().maxRSS
await decodeImage(process.argv[3] ?? '')
const before = kilobytes()
const check = await checkImageFile(path)
const labels = await checkLabelMap(path, { width: 4, height: 4, table: indexTable(2, 255) })
const decoded = await decodeImage(path).then(
  () => null,
  (error: unknown) => (error instanceof Error ? error.message : String(error)),
)
console.log(JSON.stringify({ check, labels, decoded, grownKilobytes: kilobytes() - before }))
