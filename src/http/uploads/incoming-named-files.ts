import type { NamedUpload, NamedUploads } from "../../core/schema/opaque/named-uploads.ts";
import { invalidInput } from "../../pipeline/faults.ts";
import { tooManyFiles } from "./faults.ts";
import type { FileTerms } from "./file-intake.ts";
import type { IncomingFiles } from "./incoming-files.ts";

/** What one field of files of different meaning takes. */
export interface NamedTerms extends FileTerms {
  readonly filesMax: number;
  readonly isNeeded: boolean;
}

const done = { done: true, value: undefined } as const;

/** Files of one form with the fields that they came as, on their way to a handler. */
export class IncomingNamedFiles implements NamedUploads {
  readonly counts: Record<string, number>;
  readonly #terms: ReadonlyMap<string, NamedTerms>;
  readonly #files: IncomingFiles;
  /** Of the files that no handler has yet, in their order. */
  readonly #fields: string[] = [];

  constructor(terms: ReadonlyMap<string, NamedTerms>, files: IncomingFiles) {
    this.#terms = terms;
    this.#files = files;
    this.counts = Object.fromEntries([...terms.keys()].map((field) => [field, 0]));
  }

  /** Counts the next file. *Faults thrown*: `invalid_input` (400) for a second file where there is one, `too_many_values` (413). */
  next(field: string): void {
    const count = (this.counts[field] ?? 0) + 1;
    const most = this.#terms.get(field)?.filesMax ?? 0;
    if (count > most) throw most === 1 ? problem([field], "Invalid input: expected one file, received several") : tooManyFiles(most);
    this.counts[field] = count;
    this.#fields.push(field);
  }

  /** *Faults thrown*: `invalid_input` (400) where a file is missing. */
  end(): void {
    const missing = [...this.#terms].filter(([field, { isNeeded }]) => isNeeded && this.counts[field] === 0).map(([field]) => field);
    if (missing.length > 0) throw problem(missing, "Invalid input: expected a file");
  }

  [Symbol.asyncIterator](): AsyncIterator<NamedUpload, undefined> {
    const files = this.#files[Symbol.asyncIterator]();
    return {
      next: async () => {
        const { value: file } = await files.next();
        return file === undefined ? done : { done: false, value: { field: this.#fields.shift() ?? "", file } };
      },
      return: async () => (await files.return?.()) ?? done,
    } as AsyncIterator<NamedUpload, undefined>;
  }
}

/** What is wrong with fields of a form, by their names. */
export const problem = (fields: readonly string[], message: string) =>
  invalidInput(fields.map((field) => ({ pointer: `/${field.replaceAll("~", "~0").replaceAll("/", "~1")}`, message })));
