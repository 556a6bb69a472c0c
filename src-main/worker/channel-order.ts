/** C, H, W → H, W, C of one image; `pixels` is H·W. */
export function toChannelsLast(values: Float32Array, channels: number, pixels: number): Float32Array {
  const out = new Float32Array(values.length)
  for (let channel = 0; channel < channels; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      out[pixel * channels + channel] = values[channel * pixels + pixel] ?? 0
    }
  }
  return out
}

/** H, W, C → C, H, W of one image; the inverse of {@link toChannelsLast}. */
export function toChannelsFirst(values: Float32Array, channels: number, pixels: number): Float32Array {
  const out = new Float32Array(values.length)
  for (let channel = 0; channel < channels; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      out[channel * pixels + pixel] = values[pixel * channels + channel] ?? 0
    }
  }
  return out
}
