/** The bounds of reading a document and writing a design. */
export const designLimits = {
  /** Size of a document that is read. A PRD of 90,000 characters has 270 kB at most. */
  documentBytes: 4_194_304,
  /** Entities, roles and operations of each that a design lists; further ones are counted. */
  itemsOfAKind: 500,
  /** Ranges of lines that were not understood, as they are listed. */
  unreadRanges: 200,
} as const;
