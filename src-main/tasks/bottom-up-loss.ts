import { withScope } from '../compute/handle-scope.ts'
import type { Handle, Kernels } from '../compute/kernels.ts'
import type { Value } from '../compute/network-ops.ts'
import { tagLoss, type PushKind, type TaggedPersons } from '../vision/bottom-up/tag-loss.ts'
import { addScalars } from './squared-losses.ts'
import type { LossParts } from './task.ts'

/** Targets of one resolution on the device. */
export interface HeatTarget {
  /** [N, h, w, J] */
  readonly heat: Handle
  /** [N, h, w, 1], 0 or 1. */
  readonly mask: Handle
}

export interface BottomUpTarget {
  readonly coarse: HeatTarget
  readonly fine: HeatTarget
  /** Per picture, indices into [h, w, J] of the coarse maps. */
  readonly persons: readonly TaggedPersons[]
  /** Weight of push and pull; published 0.001. */
  readonly tagWeight: number
  /** Published `exp`. */
  readonly tagPush: PushKind
}

/**
 * Loss of a bottom-up network (method.md 9.2): heat maps at both resolutions, plus `tagWeight` times push and pull of the tags at
 * stride 4, averaged over pictures.
 *
 * @param outputs - [N, h, w, 2J] heat maps then tags at stride 4; [N, 2h, 2w, J] heat maps at stride 2.
 * @throws RangeError for other outputs.
 */
export function bottomUpLoss(
  kernels: Kernels,
  [coarse, fine, ...others]: readonly Value[],
  target: BottomUpTarget,
): LossParts {
  if (coarse === undefined || fine === undefined || others.length > 0) {
    throw new RangeError('a bottom-up network has two outputs')
  }
  const joints = (coarse.shape[3] ?? 0) / 2
  return withScope(kernels, (scope) => {
    const heat = scope.own(kernels.sliceChannels(coarse.handle, coarse.shape, 0, joints))
    const shape = [...coarse.shape.slice(0, 3), joints]
    const own = ({ value, gradient }: OneLoss): OneLoss => ({
      value: scope.own(value),
      gradient: scope.own(gradient),
    })
    const low = own(maskedHeatLoss(kernels, { handle: heat, shape }, target.coarse))
    scope.drop(heat)
    const tags = own(groupingLoss(kernels, coarse, target))
    const high = own(maskedHeatLoss(kernels, fine, target.fine))
    const gradient = scope.own(kernels.concat([low.gradient, tags.gradient]))
    const value = addScalars(kernels, [low.value, high.value, tags.value], scope)
    return { value, gradients: [scope.keep(gradient), scope.keep(high.gradient)] }
  })
}

interface OneLoss {
  readonly value: Handle
  readonly gradient: Handle
}

/** Mean over pictures, joints and pixels of (p - q)² · mask. @param output - p, [N, h, w, J]. */
export function maskedHeatLoss(kernels: Kernels, output: Value, { heat, mask }: HeatTarget): OneLoss {
  const elements = output.shape.reduce((a, b) => a * b, 1)
  return withScope(kernels, (scope) => {
    const difference = scope.own(kernels.sub(output.handle, heat))
    // The mask is its own square.
    const masked = scope.own(kernels.mul(difference, mask))
    scope.drop(difference)
    const squares = scope.own(kernels.sumOfSquares(masked))
    const value = scope.own(kernels.scale(squares, 1 / elements))
    const gradient = kernels.scale(masked, 2 / elements)
    return { value: scope.keep(value), gradient }
  })
}

/** Tags are read at a few hundred places, so the host computes with them. */
function groupingLoss(
  kernels: Kernels,
  coarse: Value,
  { persons, tagWeight, tagPush }: BottomUpTarget,
): OneLoss {
  const [n = 0, h = 0, w = 0, channels = 0] = coarse.shape
  const joints = channels / 2
  const tags = withScope(kernels, (scope) =>
    kernels.downloadSync(scope.own(kernels.sliceChannels(coarse.handle, coarse.shape, joints, joints))),
  )
  const perImage = h * w * joints
  const gradient = new Float32Array(tags.length)
  let total = 0
  for (const [image, own] of persons.entries()) {
    const [from, to] = [image * perImage, (image + 1) * perImage]
    const slope = gradient.subarray(from, to)
    const { pull, push } = tagLoss(tags.subarray(from, to), own, slope, tagWeight / n, tagPush)
    total += (tagWeight * (pull + push)) / n
  }
  return withScope(kernels, (scope) => {
    const value = scope.own(kernels.upload(Float32Array.of(total), []))
    const whole = kernels.upload(gradient, [n, h, w, joints])
    return { value: scope.keep(value), gradient: whole }
  })
}
