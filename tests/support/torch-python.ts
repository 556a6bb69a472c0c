import { execFileSync } from 'node:child_process'

/** A Python that has torch may be named; torch alone is enough. */
export const TORCH_PYTHON = process.env['SCALENAS_TORCH_PYTHON'] ?? 'python3'

export function hasTorch(): boolean {
  try {
    execFileSync(TORCH_PYTHON, ['-c', 'import torch'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
