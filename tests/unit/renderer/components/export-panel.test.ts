import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EngineError } from '../../../../src-main/contract/index.ts'
import type { ExportResult } from '../../../../src-main/contract/index.ts'
import ExportPanel from '../../../../src-renderer/components/explore/ExportPanel.vue'
import { createFakeEngine, mountWith, settle } from '../support/fake-engine.ts'
import type { FakeEngine, Mounted } from '../support/fake-engine.ts'

describe('ExportPanel', () => {
  let fake: FakeEngine
  let mounted: Mounted
  const find = (id: string): HTMLElement | null =>
    mounted.root.querySelector<HTMLElement>(`[data-testid="${id}"]`)
  beforeEach(async () => {
    fake = createFakeEngine()
    mounted = mountWith(fake.engine, ExportPanel, { candidateId: 'r-sample01:1' })
    await settle()
  })
  afterEach(() => {
    mounted.app.unmount()
  })

  it('shows where the files are and the score of the written one', async () => {
    fake.state.exported = () =>
      ({
        folder: '/data/runs/r-sample01/exports/a',
        format: 'safetensors',
        files: [{ name: 'model.safetensors', bytes: 2048, sha256: '' }],
        card: { checks: { recordedAccuracy: 0.5, writtenAccuracy: 0.51 } },
      }) as unknown as ExportResult // The panel reads nothing else of the card.
    find('export-start')?.click()
    await settle()
    expect(fake.calls).toContain('candidates.export')
    expect(find('export-accuracy')?.textContent).toBe('51.00 %')
    expect(find('export-folder')?.textContent).toBe('/data/runs/r-sample01/exports/a')
    expect(mounted.root.textContent).toContain('2.0 KiB')
  })

  it('says why nothing was written', async () => {
    fake.state.exported = () => {
      throw new EngineError('STORAGE', 'The disk is full.')
    }
    find('export-start')?.click()
    await settle()
    expect(mounted.root.textContent).toContain('The disk is full.')
    expect(find('export-accuracy')).toBeNull()
  })
})
