/** What can never be given; the compiler prints the sentence. */
export interface Refused<Sentence extends string> {
  readonly [refused]: Sentence;
}
declare const refused: unique symbol;

/**
 * A type with a hint: where a value does not fit, the compiler prints the sentence with the type. To give such a type another name hides the sentence.
 * The sentence stands first, where the compiler does not cut it off.
 */
export type Hint<Sentence extends string, T> = T | (Sentence & Refused<Sentence>);
