/** A picture of a film strip. */
export interface FilmItem {
  readonly id: string
  /** For screen readers. */
  readonly label: string
  readonly title?: string
}
