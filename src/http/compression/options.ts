/** How replies are compressed. */
export interface CompressionOptions {
  /** Shorter replies are sent as they are. *Units*: bytes. *Default*: `limits.compressedBytes`. */
  readonly threshold?: number;
}
