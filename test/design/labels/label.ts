/**
 * Is one phrase of a public requirements document, with the section that it stands in, and what a reader binds from it.
 * A reading is `measure bound value`, then what applies of `per <window>`, percentile, load and scope, with the units of {@link Quantity}.
 */
export interface Label {
  readonly section: string;
  readonly phrase: string;
  /** None: the phrase is a distractor, whose numbers must not bind. */
  readonly bound: readonly string[];
}

/** Is a document whose phrases were labelled by hand. */
export interface LabelledDocument {
  readonly source: string;
  readonly labels: readonly Label[];
}

/** Writes a label in one line. */
export const label = (section: string, phrase: string, ...bound: readonly string[]): Label => ({ section, phrase, bound });
