import { elementAt } from './element-at.ts'
import type { PlanLocation, PlanNode, ValueId } from './network-plan.types.ts'

/** A value of the graph with its shape (without the batch axis). */
export interface Feature {
  readonly value: ValueId
  readonly height: number
  readonly width: number
  readonly channels: number
}

export interface ConvLayer {
  /** Name without `.weight`. */
  readonly conv: string
  /** Name of the batch norm that follows, or null where there is none. */
  readonly norm: string | null
  readonly channels: number
  readonly kernel: 1 | 3
  /** Default 1. */
  readonly stride?: 1 | 2
  /** Default false. */
  readonly bias?: boolean
  /** ReLU after the norm; default false. */
  readonly relu?: boolean
  /** Default false. */
  readonly isUpFusion?: boolean
}

/** Appends typed nodes to a growing graph and keeps their shapes; knows layers, nothing of the method. */
export class PlanBuilder {
  readonly nodes: PlanNode[] = []

  /** Convolution with PyTorch padding, then its batch norm if it has one. */
  conv(input: Feature, layer: ConvLayer, location: PlanLocation): Feature {
    const stride = layer.stride ?? 1
    const convolved: Feature = {
      value: this.nodes.length + 1,
      height: Math.ceil(input.height / stride),
      width: Math.ceil(input.width / stride),
      channels: layer.channels,
    }
    this.nodes.push({
      kind: 'conv',
      output: convolved.value,
      height: convolved.height,
      width: convolved.width,
      channels: layer.channels,
      location,
      input: input.value,
      weight: `${layer.conv}.weight`,
      bias: layer.bias === true ? `${layer.conv}.bias` : null,
      kernel: layer.kernel,
      stride,
      inChannels: input.channels,
    })
    return layer.norm === null ? convolved : this.#batchNorm(convolved, layer.norm, layer, location)
  }

  /** Transposed convolution 4×4 of stride 2, then batch norm and ReLU: twice the size. */
  deconv(
    input: Feature,
    layer: Pick<ConvLayer, 'conv' | 'channels'> & { readonly norm: string },
    location: PlanLocation,
  ): Feature {
    const output: Feature = {
      value: this.nodes.length + 1,
      height: 2 * input.height,
      width: 2 * input.width,
      channels: layer.channels,
    }
    this.nodes.push({
      kind: 'deconv',
      output: output.value,
      height: output.height,
      width: output.width,
      channels: output.channels,
      location,
      input: input.value,
      weight: `${layer.conv}.weight`,
      kernel: 4,
      stride: 2,
      inChannels: input.channels,
    })
    return this.#batchNorm(output, layer.norm, { relu: true }, location)
  }

  upsample(input: Feature, mode: 'nearest' | 'bilinear', factor: number, location: PlanLocation): Feature {
    const output: Feature = {
      value: this.nodes.length + 1,
      height: input.height * factor,
      width: input.width * factor,
      channels: input.channels,
    }
    this.nodes.push({
      kind: 'upsample',
      output: output.value,
      height: output.height,
      width: output.width,
      channels: output.channels,
      location,
      input: input.value,
      mode,
      factor,
    })
    return output
  }

  /** relu(sum), inputs in the order of addition, all of one shape. */
  sumRelu(inputs: readonly Feature[], location: PlanLocation): Feature {
    const { height, width, channels } = elementAt(inputs, 0, 'inputs of a sum')
    const output: Feature = { value: this.nodes.length + 1, height, width, channels }
    this.nodes.push({
      kind: 'sum-relu',
      output: output.value,
      height,
      width,
      channels,
      location,
      inputs: inputs.map((input) => input.value),
    })
    return output
  }

  /** Along channels, all of one spatial size. */
  concat(inputs: readonly Feature[], location: PlanLocation): Feature {
    const { height, width } = elementAt(inputs, 0, 'inputs of a concatenation')
    const channels = inputs.reduce((sum, input) => sum + input.channels, 0)
    const output: Feature = { value: this.nodes.length + 1, height, width, channels }
    this.nodes.push({
      kind: 'concat',
      output: output.value,
      height,
      width,
      channels,
      location,
      inputs: inputs.map((input) => input.value),
    })
    return output
  }

  #batchNorm(
    input: Feature,
    name: string,
    layer: Pick<ConvLayer, 'relu' | 'isUpFusion'>,
    location: PlanLocation,
  ): Feature {
    const output: Feature = { ...input, value: this.nodes.length + 1 }
    this.nodes.push({
      kind: 'batch-norm',
      output: output.value,
      height: input.height,
      width: input.width,
      channels: input.channels,
      location,
      input: input.value,
      name,
      relu: layer.relu ?? false,
      isUpFusion: layer.isUpFusion ?? false,
    })
    return output
  }
}
