import { z } from 'zod'

/** Where the presets' values come from: data in resources/sources.json. */

export const configSourcesSchema = z.object({
  /** A later family has the last word on a key that an earlier one names too. */
  families: z.array(
    z.object({
      name: z.string(),
      /** Names of presets; `*` = all. */
      presets: z.array(z.string()).min(1),
      /** Dotted path → a paragraph of method.md, or `ours: ` with the reason. */
      sources: z.record(z.string(), z.string().regex(/^(method\.md \d|ours: )./)),
    }),
  ),
})
export type ConfigSources = z.infer<typeof configSourcesSchema>

/** `other-preset`: the value is not that of the preset as it is today, and nobody recorded an override. */
export type ConfigSourceKind = 'method' | 'ours' | 'override' | 'other-preset' | 'unused'

/** One key of a frozen configuration with the reason for its value. */
export interface ConfigSource {
  readonly path: string
  readonly kind: ConfigSourceKind
  /** "method.md 5.4: Adam", "ours: …", "set by the user; …". */
  readonly source: string
}
