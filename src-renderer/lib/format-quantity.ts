/** Multiply-adds of one giga as the paper counts them. */
const GIGA = 2 ** 30
const MEGA = 1e6

export interface Quantity {
  readonly value: string
  readonly unit: string
}

/** How a set of multiply-adds is written on one axis, so that all of its numbers have one unit. */
export interface MacsScale {
  readonly divisor: number
  /** 'GFLOPs' or 'M MACs', to stand after a number. */
  readonly unit: string
  /** The unit with its counter, for an axis title. */
  readonly title: string
}

/** @param largest - The largest multiply-adds that will be shown; from half a giga on, giga of 2^30. */
export function macsScale(largest: number): MacsScale {
  if (largest >= GIGA / 2) {
    return { divisor: GIGA, unit: 'GFLOPs', title: 'GFLOPs, multiply-adds of one image, 2³⁰' }
  }
  return { divisor: MEGA, unit: 'M MACs', title: 'Million multiply-adds of one image' }
}

/** 5,720,000 → '5.72' 'M multiply-adds'; 14.8e9 → '13.78' 'GFLOPs'. */
export function formatMacs(macs: number): Quantity {
  const scale = macsScale(macs)
  const unit = scale.divisor === GIGA ? 'GFLOPs' : 'M multiply-adds'
  return { value: formatFixed(macs / scale.divisor), unit }
}

/** 140,318 → '140 k'; 58,012,345 → '58.0 M'. */
export function formatParams(params: number): string {
  if (params >= MEGA) {
    return `${(params / MEGA).toFixed(params >= 1e8 ? 0 : 1)} M`
  }
  if (params >= 1e4) {
    return `${(params / 1e3).toFixed(0)} k`
  }
  return formatCount(params)
}

/** 1234567 → '1,234,567'. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en')
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** Binary units, three significant digits: 412 GiB, 38.2 MiB. */
export function formatBytes(bytes: number): string {
  const power = Math.min(BYTE_UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  const digits = power === 0 || value >= 100 ? 0 : 1
  return `${value.toFixed(digits)} ${BYTE_UNITS[power] ?? 'B'}`
}

/** An accuracy in [0, 1] as a percentage without its sign: 0.7541 → '75.41'; null → '–'. */
export function formatAccuracy(accuracy: number | null, digits = 2): string {
  return accuracy === null ? '–' : (accuracy * 100).toFixed(digits)
}

/** Losses and learning rates: plain from 0.001 on, else with an exponent. */
export function formatSmall(value: number): string {
  if (value === 0) {
    return '0'
  }
  const size = Math.abs(value)
  if (size < 1e-3) {
    return value.toExponential(1)
  }
  return size < 10 ? value.toFixed(size < 0.1 ? 4 : 3) : value.toFixed(1)
}

/** Learning rates: always with an exponent, '1.0e−3'. */
export function formatExponent(value: number): string {
  return value === 0 ? '0' : value.toExponential(1).replace('-', '−')
}

/** A genotype space of 10^6.3 genotypes, as '2.0 × 10⁶'. */
export function formatPowerOfTen(log10: number): string {
  // Rounding the mantissa first, so that 9.97 is 1.0 of the next power.
  const [mantissa = '', power = '0'] = (10 ** (log10 - Math.floor(log10))).toExponential(1).split('e')
  return `${mantissa} × 10${toSuperscript(String(Math.floor(log10) + Number(power)))}`
}

/** Two decimals under 100, one above: the resolution of a cost label. */
function formatFixed(value: number): string {
  return value.toFixed(value >= 100 ? 1 : 2)
}

const SUPERSCRIPT: Readonly<Record<string, string>> = {
  '0': '⁰',
  '1': '¹',
  '2': '²',
  '3': '³',
  '4': '⁴',
  '5': '⁵',
  '6': '⁶',
  '7': '⁷',
  '8': '⁸',
  '9': '⁹',
  '-': '⁻',
}

function toSuperscript(text: string): string {
  return text.replaceAll(/./g, (character) => SUPERSCRIPT[character] ?? character)
}
