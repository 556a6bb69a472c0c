import { inspectDatasetFolder } from '../../../src-main/datasets/open-dataset.ts'

// Looks at a folder in a process of its own, which must come to its end by itself.
const { leftOut } = await inspectDatasetFolder(process.argv[2] ?? '', null)
console.log(JSON.stringify(leftOut))
