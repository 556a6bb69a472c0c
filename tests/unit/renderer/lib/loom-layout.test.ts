import { describe, expect, it } from 'vitest'
import { toGenotypeJson } from '../../../../src-main/nas/genotype.ts'
import { hrnetGenotype, largestGenotype, smallestGenotype } from '../../../../src-main/nas/named-genotypes.ts'
import { officialSpace } from '../../../../src-main/nas/search-space.ts'
import { costShares } from '../../../../src-renderer/lib/cost-shares.ts'
import { largestOfConfig } from '../../../../src-renderer/lib/config-space.ts'
import { countGenotype, loomLayout } from '../../../../src-renderer/lib/loom-layout.ts'
import { samplePreset } from '../support/sample-run.ts'

const space = officialSpace('pose')
const options = { width: 620, height: 150, stemBlocks: 4, margin: 10 }

describe('loomLayout', () => {
  it.each([
    ['smallest', smallestGenotype(space)],
    ['hrnet', hrnetGenotype(space)],
    ['largest', largestGenotype(space)],
  ])('draws a bead for every block and a thread for every fusion of %s', (_, genotype) => {
    const json = toGenotypeJson(space, 32, genotype)
    const { blocks, fusions } = countGenotype(json)
    const layout = loomLayout(json, options)
    // Two branches beside the first come up by transitions into stages 2, 3 and 4.
    expect(layout.beads).toHaveLength(blocks)
    expect(layout.curves).toHaveLength(fusions + 3)
    expect(layout.beads.length + layout.ghosts.length).toBe(26 * 5)
  })

  it('stays inside of its picture', () => {
    const layout = loomLayout(toGenotypeJson(space, 32, largestGenotype(space)), options)
    for (const bead of [...layout.beads, ...layout.stem.beads]) {
      expect(bead.x).toBeGreaterThanOrEqual(0)
      expect(bead.x + bead.width).toBeLessThanOrEqual(options.width)
      expect(bead.y).toBeGreaterThanOrEqual(0)
      expect(bead.y + bead.height).toBeLessThanOrEqual(options.height)
    }
  })

  it('the largest official pose network has 130 blocks', () => {
    expect(countGenotype(toGenotypeJson(space, 32, largestGenotype(space))).blocks).toBe(130)
  })
})

describe('costShares', () => {
  it('add up to one and name only branches that exist', () => {
    const { config } = samplePreset()
    const genotype = largestOfConfig(config)
    expect(genotype).not.toBeNull()
    const shares = genotype === null ? [] : costShares(config, genotype, null)
    expect(shares.reduce((sum, part) => sum + part.share, 0)).toBeCloseTo(1, 12)
    expect(shares.map((part) => part.label)).toEqual(['stem', '1/4', '1/8', '1/16', 'fusions', 'head'])
  })
})
