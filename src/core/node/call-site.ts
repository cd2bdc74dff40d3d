/** Where a function was called, for a later message. It costs one stack, which becomes text only when it is read. */
export class CallSite {
  readonly #at: { stack?: string } = {};

  /** The caller of `callee`. */
  constructor(callee: (...given: never[]) => unknown) {
    Error.captureStackTrace(this.#at, callee);
  }

  /** As in `file:///app/orders/place.ts:12:9`; `an unknown line` where the runtime does not say. */
  toString(): string {
    const frame = this.#at.stack?.split("\n").find((line) => /^\s+at /.test(line));
    const place = /\((.+)\)$/.exec(frame ?? "")?.[1] ?? frame?.replace(/^\s+at (?:async )?/, "");
    return place ?? "an unknown line";
  }
}
