/** A language that documents are read and written in. */
export type Language = "en" | "zh";

/** A text, or a table of texts, in both languages. */
export interface Both<T> {
  readonly en: T;
  readonly zh: T;
}
