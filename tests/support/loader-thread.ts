/** Entry of the threads that read batches and pictures. */
export const LOADER_THREAD = new URL('../../src-main/datasets/loader-thread.ts', import.meta.url)
