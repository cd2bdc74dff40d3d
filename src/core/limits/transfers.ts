/** The bounds of files that are sent and received as they come; `limits` has them with all others. */
export const transferLimits = {
  /** Size of the head of one part of a form with a file. */
  partHeadBytes: 4_096,
  /** Bytes of a file that are kept for its handler; no more of the file is read until half of them were taken. */
  uploadBufferBytes: 65_536,
  /** Bytes of files that handlers have read and not freed after which the process collects its young garbage, where V8 would wait for 64 MiB. */
  uploadGarbageBytes: 4_194_304,
  /** The lowest rate at which a client may send a file, in a second, while its handler waits for it. Override: `http({ limits })`. */
  uploadBytesPerSecond: 4_096,
  /** How long a client may send a file more slowly than `uploadBytesPerSecond` before it is refused. Override: `http({ limits })`. */
  uploadSlowMs: 20_000,
  /** Files that one request may have. */
  uploadFiles: 1_000,
  /** Size from which a reply is compressed, in an app that compresses. Override: `http({ compression: { threshold } })`. */
  compressedBytes: 1_024,
  /** How long the next bytes of a download may take to be there. */
  downloadStallMs: 30_000,
} as const;
