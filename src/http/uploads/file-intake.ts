import { essenceOf, isAmong } from "../bodies/media-range.ts";
import { safeFileName } from "../reply/disposition.ts";
import { fileTooLarge, fileTypeMismatch, fileTypeRefused } from "./faults.ts";
import { type FileSource, IncomingFile } from "./incoming-file.ts";
import { mayBe, sniffedBytes, sniffType } from "./sniff.ts";

const unknownType = "application/octet-stream";

/** What a field takes of a file. */
export interface FileTerms {
  /** *Units*: bytes. */
  readonly bytesMax: number;
  /** Media types and ranges; undefined where any is taken. */
  readonly types: readonly string[] | undefined;
  /** Whether the first bytes need not fit the declared type, so that none are waited for. *Default*: they must. */
  readonly untyped?: boolean;
}

/** One file as it comes. Its first bytes are looked at before a handler gets it. */
export class FileIntake {
  readonly #facts: { readonly name: string | undefined; readonly type: string | undefined };
  readonly #terms: FileTerms;
  readonly #source: FileSource;
  readonly #head: Uint8Array[] = [];
  #headBytes = 0;
  #size = 0;
  file: IncomingFile | undefined = undefined;

  constructor(facts: { readonly name: string | undefined; readonly type: string | undefined }, terms: FileTerms, source: FileSource) {
    this.#facts = facts;
    this.#terms = terms;
    this.#source = source;
  }

  /** Whether it is what a browser sends for a field in which no file was chosen. */
  get isNone(): boolean {
    return this.#facts.name === "" && this.#size === 0;
  }

  /** Takes more of it. Returns it as soon as it can be given to a handler, once. *Faults thrown*: `body_too_large`, and those of {@link open}. */
  data(bytes: Uint8Array): IncomingFile | undefined {
    this.#size += bytes.length;
    if (this.#size > this.#terms.bytesMax) throw fileTooLarge(this.#terms.bytesMax);
    if (this.file !== undefined) return void this.file.push(bytes);
    this.#head.push(bytes);
    this.#headBytes += bytes.length;
    return this.#headBytes < sniffedBytes && this.#terms.untyped !== true ? undefined : this.open();
  }

  /** Returns it by what has come. *Faults thrown*: `media_type_unsupported`, `media_type_mismatch`. */
  open(): IncomingFile {
    const head = Buffer.concat(this.#head.splice(0));
    const declaredType = essenceOf(this.#facts.type);
    const { name } = this.#facts;
    const { types, untyped } = this.#terms;
    const type = untyped === true ? (declaredType ?? unknownType) : typeOf(head, declaredType, types);
    this.file = new IncomingFile({ name: name === undefined ? undefined : safeFileName(name), declaredType, type }, this.#source);
    if (head.length > 0) this.file.push(head);
    return this.file;
  }
}

/** The type of a file by its first bytes and what was declared. */
function typeOf(head: Uint8Array, declared: string | undefined, types: readonly string[] | undefined): string {
  const sniffed = sniffType(head);
  if (declared !== undefined && !mayBe(declared, sniffed)) throw fileTypeMismatch(declared, sniffed);
  const isNamed = declared !== undefined && declared !== unknownType;
  // What was declared is more precise: a document in a ZIP, a table in a text.
  const type = isNamed ? declared : (sniffed ?? unknownType);
  if (types !== undefined && !isAmong(type, types)) throw fileTypeRefused(type, types);
  return type;
}
