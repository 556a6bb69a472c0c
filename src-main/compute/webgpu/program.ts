/** A storage buffer of a program. */
export interface Binding {
  readonly name: string
  /** Element type of the array. */
  readonly type: 'f32' | 'vec4f' | 'vec3f' | 'vec2f' | 'i32'
}

export type ParameterType = 'u32' | 'f32'

/**
 * One compute shader. `main` may use the buffers and `p.` parameters by name and these values: `group` (workgroup_id), `groups`
 * (num_workgroups) and `local` (local_invocation_index).
 */
export interface Program<P extends string = string> {
  readonly name: string
  /** Threads of a workgroup. */
  readonly threads: number
  readonly reads: readonly Binding[]
  readonly writes: readonly Binding[]
  readonly parameters: Readonly<Record<P, ParameterType>>
  readonly declarations: string
  readonly main: string
}

/** The WGSL text of a program: buffers in the order reads, writes, then the parameters. */
export function sourceOf({ threads, reads, writes, parameters, declarations, main }: Program): string {
  const storage = [
    ...reads.map((binding) => ({ ...binding, access: 'read' })),
    ...writes.map((binding) => ({ ...binding, access: 'read_write' })),
  ]
  const fields = Object.entries(parameters).map(([name, type]) => `  ${name}: ${type},`)
  return [
    ...storage.map(
      ({ name, type, access }, i) =>
        `@group(0) @binding(${String(i)}) var<storage, ${access}> ${name}: array<${type}>;`,
    ),
    `struct Parameters {\n${fields.join('\n')}\n}`,
    `@group(0) @binding(${String(storage.length)}) var<uniform> p: Parameters;`,
    declarations,
    `@compute @workgroup_size(${String(threads)})`,
    'fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,',
    '        @builtin(local_invocation_index) local: u32) {',
    main,
    '}',
  ].join('\n')
}

/** Threads of a workgroup of programs that go through elements one by one. */
export const ELEMENT_THREADS = 256
/** WebGPU's limit of workgroups in one dimension. */
const MOST_GROUPS = 65_535

/** Begin of such a program: `i` is the element, `p.count` their number. */
export const FOR_EACH_ELEMENT = `
  let i = (group.y * groups.x + group.x) * ${String(ELEMENT_THREADS)}u + local;
  if (i >= p.count) { return; }`

/** Workgroups in two dimensions, because one does not reach far enough. */
export function spread(groups: number): readonly [x: number, y: number, z: number] {
  const x = Math.min(groups, MOST_GROUPS)
  return [x, Math.ceil(groups / x), 1]
}

const words = new Uint32Array(1)
const asFloat = new Float32Array(words.buffer)

/** Parameters as 32-bit words in the order of the struct. */
export function encodeParameters<P extends string>(
  { parameters }: Program<P>,
  values: Readonly<Record<P, number>>,
): number[] {
  return (Object.keys(parameters) as P[]).map((name) => {
    if (parameters[name] === 'u32') {
      return values[name] >>> 0
    }
    asFloat[0] = values[name]
    return words[0] ?? 0
  })
}
