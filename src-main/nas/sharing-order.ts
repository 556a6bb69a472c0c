import type { Genotype } from './genotype.types.ts'

/**
 * A text by which genotypes sort so that those that begin alike stand together: module by module and step by step, which branches
 * have a block and which fusions follow. Sub-networks share what they compute up to the first difference.
 *
 * @param genotype - In canonical form.
 */
export function sharingKey({ modules }: Genotype): string {
  return modules
    .map(({ depths, fusion }) =>
      fusion
        .map(
          (targets, step) =>
            depths.map((depth) => (step < depth ? '1' : '0')).join('') +
            targets.map((row) => row.join('')).join(''),
        )
        .join(' '),
    )
    .join(';')
}

/** Positions of the genotypes in the order of {@link sharingKey}; equal ones keep their order. */
export function sharingOrder(genotypes: readonly Genotype[]): number[] {
  const keys = genotypes.map(sharingKey)
  return keys.map((_, index) => index).sort((a, b) => compare(keys[a] ?? '', keys[b] ?? '') || a - b)
}

function compare(a: string, b: string): number {
  if (a === b) {
    return 0
  }
  return a < b ? -1 : 1
}
