/**
 * Gives every row a column of its own so that the costs add up to the least: Munkres' algorithm on the matrix, filled up with zeros to
 * a square, O(n⁴) for n = `columns`. Costs of grouping are whole steps, so that several assignments are often equally good; zeros are
 * looked through in the order of the `munkres` package, which the published code uses, to choose the same one.
 *
 * @param cost - [rows * columns], row by row, finite.
 * @param rows - At most `columns`.
 * @returns The column of each row, shape [rows].
 * @throws RangeError if there are more rows than columns, the sizes differ or a cost is not finite.
 */
export function minimumCostAssignment(cost: ArrayLike<number>, rows: number, columns: number): Int32Array {
  if (rows > columns || cost.length !== rows * columns || !Array.from(cost).every(Number.isFinite)) {
    throw new RangeError(
      `minimumCostAssignment: needs rows <= columns and rows x columns finite costs, got ${String(rows)} x ${String(columns)} and ${String(cost.length)}`,
    )
  }
  const matrix = new Matrix(cost, columns)
  matrix.subtractRowMinima()
  matrix.starFirstZeros()
  while (!matrix.coverStarredColumns()) {
    matrix.augment(matrix.primeUntilFree())
  }
  return Int32Array.from({ length: rows }, (_, row) => matrix.findInRow(row, STAR))
}

const STAR = 1
const PRIME = 2

interface Cell {
  readonly row: number
  readonly column: number
}

/** Reduced costs with the marks and covers of the algorithm. */
class Matrix {
  readonly #size: number
  readonly #cost: Float64Array
  readonly #marks: Uint8Array
  readonly #isRowCovered: Uint8Array
  readonly #isColumnCovered: Uint8Array

  constructor(cost: ArrayLike<number>, size: number) {
    this.#size = size
    this.#cost = new Float64Array(size * size)
    this.#cost.set(cost)
    this.#marks = new Uint8Array(size * size)
    this.#isRowCovered = new Uint8Array(size)
    this.#isColumnCovered = new Uint8Array(size)
  }

  subtractRowMinima(): void {
    for (let row = 0; row < this.#size; row++) {
      const costs = this.#cost.subarray(row * this.#size, (row + 1) * this.#size)
      const least = costs.reduce((a, b) => Math.min(a, b), Infinity)
      costs.forEach((value, column) => (costs[column] = value - least))
    }
  }

  /** Row by row the first zero in a column that has no star yet. */
  starFirstZeros(): void {
    for (let row = 0; row < this.#size; row++) {
      for (let column = 0; column < this.#size; column++) {
        if (this.#costAt(row, column) === 0 && this.#isColumnCovered[column] === 0) {
          this.#mark(row, column, STAR)
          this.#isColumnCovered[column] = 1
          break
        }
      }
    }
    this.#isColumnCovered.fill(0)
  }

  /** @returns Whether every column has a star: the stars are then the assignment. */
  coverStarredColumns(): boolean {
    for (let column = 0; column < this.#size; column++) {
      this.#isColumnCovered[column] = this.#findStarInColumn(column) >= 0 ? 1 : 0
    }
    return this.#isColumnCovered.every((isCovered) => isCovered === 1)
  }

  /** Primes uncovered zeros, making new ones where they run out, until one lies in a row without a star. */
  primeUntilFree(): Cell {
    let from: Cell = { row: 0, column: 0 }
    for (;;) {
      const zero = this.#findUncoveredZero(from)
      if (zero === null) {
        this.#shift(this.#leastUncovered())
        from = { row: 0, column: 0 }
        continue
      }
      this.#mark(zero.row, zero.column, PRIME)
      const starred = this.findInRow(zero.row, STAR)
      if (starred < 0) {
        return zero
      }
      this.#isRowCovered[zero.row] = 1
      this.#isColumnCovered[starred] = 0
      from = { row: zero.row, column: starred }
    }
  }

  /** Turns over the path of primes and stars that ends at a prime without a star in its column. */
  augment(end: Cell): void {
    const path: Cell[] = [end]
    let { column } = end
    for (let row = this.#findStarInColumn(column); row >= 0; row = this.#findStarInColumn(column)) {
      path.push({ row, column })
      column = this.findInRow(row, PRIME)
      path.push({ row, column })
    }
    for (const cell of path) {
      this.#mark(cell.row, cell.column, this.#markAt(cell.row, cell.column) === STAR ? 0 : STAR)
    }
    this.#isRowCovered.fill(0)
    this.#isColumnCovered.fill(0)
    this.#marks.forEach((mark, at) => (this.#marks[at] = mark === PRIME ? 0 : mark))
  }

  findInRow(row: number, mark: number): number {
    return this.#marks.subarray(row * this.#size, (row + 1) * this.#size).indexOf(mark)
  }

  #findStarInColumn(column: number): number {
    for (let row = 0; row < this.#size; row++) {
      if (this.#markAt(row, column) === STAR) {
        return row
      }
    }
    return -1
  }

  /** Rows from `from` on and around; of the first row that has any, the last one in the order from `from`'s column on. */
  #findUncoveredZero(from: Cell): Cell | null {
    for (let down = 0; down < this.#size; down++) {
      const row = (from.row + down) % this.#size
      if (this.#isRowCovered[row] === 1) {
        continue
      }
      for (let along = this.#size - 1; along >= 0; along--) {
        const column = (from.column + along) % this.#size
        if (this.#isColumnCovered[column] === 0 && this.#costAt(row, column) === 0) {
          return { row, column }
        }
      }
    }
    return null
  }

  #leastUncovered(): number {
    let least = Infinity
    for (let row = 0; row < this.#size; row++) {
      for (let column = 0; column < this.#size; column++) {
        if (this.#isRowCovered[row] === 0 && this.#isColumnCovered[column] === 0) {
          least = Math.min(least, this.#costAt(row, column))
        }
      }
    }
    return least
  }

  /** Onto covered rows, off uncovered columns. */
  #shift(value: number): void {
    for (let row = 0; row < this.#size; row++) {
      const raised = this.#isRowCovered[row] === 1 ? value : 0
      for (let column = 0; column < this.#size; column++) {
        const lowered = this.#isColumnCovered[column] === 0 ? value : 0
        this.#cost[row * this.#size + column] = this.#costAt(row, column) + raised - lowered
      }
    }
  }

  #costAt(row: number, column: number): number {
    return this.#cost[row * this.#size + column] ?? Number.NaN
  }

  #markAt(row: number, column: number): number {
    return this.#marks[row * this.#size + column] ?? 0
  }

  #mark(row: number, column: number, mark: number): void {
    this.#marks[row * this.#size + column] = mark
  }
}
