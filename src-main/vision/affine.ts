/**
 * Affine map of the plane, row by row: x' = a x + b y + c, y' = d x + e y + f. Pixel coordinates name pixel centres by
 * integers (no half-pixel term), as in method.md 5.5.
 */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

/** Image of a point under an affine map. */
export function applyAffine(map: Affine, x: number, y: number): [x: number, y: number] {
  const [a, b, c, d, e, f] = map
  return [a * x + b * y + c, d * x + e * y + f]
}

/**
 * Inverse of an affine map.
 *
 * @throws RangeError if the map is singular (determinant 0 or not finite).
 */
export function invertAffine(map: Affine): Affine {
  const [a, b, c, d, e, f] = map
  const determinant = a * e - b * d
  if (determinant === 0 || !Number.isFinite(determinant)) {
    throw new RangeError(`invertAffine: determinant must be finite and not 0, got ${String(determinant)}`)
  }
  const inverseA = e / determinant
  const inverseB = -b / determinant
  const inverseD = -d / determinant
  const inverseE = a / determinant
  return [
    inverseA,
    inverseB,
    -(inverseA * c + inverseB * f),
    inverseD,
    inverseE,
    -(inverseD * c + inverseE * f),
  ]
}
