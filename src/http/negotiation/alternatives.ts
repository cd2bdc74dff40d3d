import { Fault } from "../../core/fault.ts";
import type { FileSpec, HttpSpec } from "../../operation/contract.ts";
import { qualityFor, readAccept } from "./accept.ts";

/** The forms of an output from which a client chooses with `Accept`: JSON, and files of text. */
export class Alternatives {
  readonly #files: readonly FileSpec<never>[];
  readonly #types: readonly string[];

  constructor(files: readonly FileSpec<never>[]) {
    this.#files = files;
    this.#types = ["application/json", ...files.map(({ type }) => type)];
  }

  /** Those of a route; undefined where it has JSON alone. */
  static of({ alternatives = [] }: HttpSpec): Alternatives | undefined {
    return alternatives.length === 0 ? undefined : new Alternatives(alternatives);
  }

  /**
   * The form that a client wants most; undefined is JSON. Of those that it wants alike, the first counts.
   * *Faults thrown*: `not_acceptable` (406), where it wants none of them.
   */
  chosen(accept: string | undefined): FileSpec<never> | undefined {
    if (accept === undefined || accept.trim() === "") return undefined;
    const ranges = readAccept(accept);
    const qualities = this.#types.map((type) => qualityFor(ranges, type));
    const best = Math.max(...qualities);
    if (best === 0) throw notAcceptable(this.#types);
    return this.#files[qualities.indexOf(best) - 1];
  }
}

/** Refuses a request whose `Accept` allows no form that the operation has: 406. */
const notAcceptable = (types: readonly string[]): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "not_acceptable",
    status: 406,
    message: `The Accept header allows none of ${types.join(", ")}. Send one of them, or leave the header out.`,
    details: { types },
  });
