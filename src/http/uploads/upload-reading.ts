import { isUtf8 } from "node:buffer";
import type { Clock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Waiting } from "../../pipeline/state/invocation.ts";
import { type BodyReader, BodyShare } from "../body.ts";
import { BodyBytes } from "../body-bytes.ts";
import { bodyEncoded, bodyTooLarge } from "../faults.ts";
import type { BodySink } from "../lean-request.ts";
import type { RequestHeaders } from "../request-headers.ts";
import { boundaryOf } from "./boundary.ts";
import { filesTooLarge, fileTooLarge, malformedMultipart, notMultipart, tooManyFiles, uploadTooSlow } from "./faults.ts";
import { FileIntake, type FileTerms } from "./file-intake.ts";
import type { FileSource, IncomingFile } from "./incoming-file.ts";
import { IncomingFiles } from "./incoming-files.ts";
import { IncomingNamedFiles, type NamedTerms, problem } from "./incoming-named-files.ts";
import { MultipartParser, type MultipartSink } from "./multipart.ts";
import type { PartHead } from "./part-head.ts";
import { SendingSpeed } from "./sending-speed.ts";

/** Where the bytes of a body come from. */
export interface BodySource {
  readonly known: RequestHeaders;
  /** In how many pieces the body came so far. */
  readonly chunks: number;
  pipeTo(sink: BodySink): void;
  /** Lets more come, after the sink had enough. */
  goOn(): void;
  /** No more of it is wanted. */
  discard(): void;
}

/** The file in the input of an operation, and how it comes. */
export interface UploadTerms extends FileTerms {
  readonly field: string;
  /** A part of a form; otherwise it is the whole body. */
  readonly isPart: boolean;
  /** Several files, one after the other. *Default*: one. */
  readonly list?: { readonly filesMax: number; readonly bytesMax: number };
  /** What each field of the list takes, by its name. *Default*: all files have one name, and are alike. */
  readonly named?: ReadonlyMap<string, NamedTerms>;
}

/** What is read of a form with a file, up to the file. */
export interface FormWithFile {
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly file: { readonly field: string; readonly upload: IncomingFile | IncomingFiles | IncomingNamedFiles } | undefined;
}

/** Who wants an upload. */
export interface UploadTaker {
  readonly clock: Clock;
  /** What the fields of an input can hold, where its sender has not signed in. *Units*: bytes. */
  readonly anonymousBytes: number | undefined;
  /** Gets the file, or a form with its fields up to the file: more of it still comes. */
  take(body: FormWithFile | IncomingFile | undefined): void;
  /** Ends the request: what came after it was taken is refused. */
  refuse(fault: unknown): void;
  /** So many bytes more are kept for the request. */
  keep(bytes: number): void;
}

const fieldCost = 64;

/**
 * Reads a body with a file in it; returns undefined where there is no body, and nothing to wait for.
 * *Faults thrown*: `invalid_argument` (413, 415) by what the head of the request says; `unavailable` where too much is being read at once.
 */
export function readUpload(source: BodySource, terms: UploadTerms, parts: UploadParts): UploadReading | undefined {
  if (!parts.isEmpty || !terms.isPart) return new UploadReading(source, terms, parts);
  parts.taker.take(terms.named && { fields: [], file: { field: terms.field, upload: noneOf(terms.named) } });
  return undefined;
}

/** *Faults thrown*: `invalid_input` where one is needed. */
function noneOf(terms: ReadonlyMap<string, NamedTerms>): IncomingNamedFiles {
  const files = new IncomingFiles({ drained: () => undefined, dropped: () => undefined });
  const none = new IncomingNamedFiles(terms, files);
  none.end();
  files.end();
  return none;
}

interface UploadParts {
  /** Whether there is no body. */
  readonly isEmpty: boolean;
  readonly taker: UploadTaker;
  readonly bodies: BodyReader;
}

/** A body with a file on its way. It is done when the file has begun; the rest goes to the reader of the file. */
class UploadReading implements Waiting, BodySink, MultipartSink, FileSource {
  readonly #source: BodySource;
  readonly #terms: UploadTerms;
  readonly #taker: UploadTaker;
  readonly #share: BodyShare;
  readonly #speed: SendingSpeed;
  readonly #parser: MultipartParser | undefined;
  readonly #fields: (readonly [name: string, value: string])[] = [];
  #field: { readonly name: string; readonly bytes: BodyBytes } | undefined = undefined;
  #fieldBytes = 0;
  #bytes = 0;
  #intake: FileIntake | undefined = undefined;
  readonly #list: IncomingFiles | undefined;
  readonly #named: IncomingNamedFiles | undefined;
  /** The field of the part that comes. */
  #partName = "";
  /** What one file of a list asks for. */
  readonly #each: FileSource = { drained: () => this.drained(), dropped: () => this.drained() };
  #fileBytes = 0;
  #isTaken = false;
  #isOver = false;
  #done: (() => void) | undefined = undefined;
  #failed: ((error: unknown) => void) | undefined = undefined;

  constructor(source: BodySource, terms: UploadTerms, { taker, bodies }: UploadParts) {
    const { contentType, contentEncoding, contentLength } = source.known;
    this.#source = source;
    this.#terms = terms;
    this.#taker = taker;
    this.#share = new BodyShare(bodies);
    this.#speed = new SendingSpeed({ clock: taker.clock, limits: bodies.limits, tooSlow: () => void this.#try(() => this.#refuseSlow()) });
    if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== "identity") throw bodyEncoded();
    const fileBytes = terms.list?.bytesMax ?? terms.bytesMax;
    const most = terms.isPart ? fileBytes + bodies.limits.bodyBytes : fileBytes;
    if (Number(contentLength ?? 0) > most) throw terms.list === undefined ? fileTooLarge(fileBytes) : filesTooLarge(fileBytes);
    this.#list = terms.list && new IncomingFiles(this);
    this.#named = terms.named && this.#list && new IncomingNamedFiles(terms.named, this.#list);
    if (terms.isPart) {
      const boundary = boundaryOf(contentType);
      if (boundary === undefined) throw notMultipart();
      const bounds = { parts: bodies.limits.formFields, headBytes: limits.partHeadBytes };
      this.#parser = new MultipartParser(boundary, { sink: this, bounds });
    } else this.#intake = new FileIntake({ name: undefined, type: contentType }, terms, this);
    this.#share.take(limits.uploadBufferBytes);
  }

  // biome-ignore lint/suspicious/noThenProperty: the pipeline waits for it, once, as it does for a promise.
  then(done: () => void, failed: (error: unknown) => void): void {
    this.#done = done;
    this.#failed = failed;
    this.#speed.wait();
    this.#source.pipeTo(this);
  }

  chunk(bytes: Uint8Array): boolean {
    this.#speed.came(bytes.length);
    const wantsMore = this.#try(() => {
      this.#bytes += bytes.length;
      if (this.#source.known.chunked && this.#taker.anonymousBytes !== undefined)
        this.#share.reader.admitPieces(this.#source.chunks, this.#bytes);
      if (this.#parser === undefined) this.data(bytes);
      else this.#parser.push(bytes);
    });
    if (!wantsMore) this.#speed.pause();
    return wantsMore;
  }

  end(): void {
    this.#speed.stop();
    this.#try(() => {
      this.#parser?.end();
      if (this.#parser === undefined) this.partEnd();
      this.#named?.end();
      if (!this.#isTaken) this.#give(undefined);
      this.#intake?.file?.end();
      this.#list?.end();
    });
  }

  /** The connection has failed, or the request is over: the reader of the file gets the error. */
  stop(error: unknown = new Fault({ code: "cancelled", message: "The operation has ended, so no more of its upload is read." })): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#speed.stop();
    this.#share.free();
    this.#source.discard();
    this.#intake?.file?.fail(error);
    this.#list?.fail(error);
  }

  drained(): void {
    if (this.#list?.isFull === true || this.#isOver) return;
    this.#speed.wait();
    this.#source.goOn();
  }

  dropped(): void {
    this.#speed.stop();
    this.#source.discard();
  }

  part({ name, fileName, type }: PartHead): void {
    const isList = this.#list !== undefined;
    if (this.#intake !== undefined || (isList && this.#isTaken && fileName === undefined))
      throw malformedMultipart("A part follows the file. Send the fields first, and then what has files");
    if (fileName === undefined) {
      if (name === "__proto__") throw malformedMultipart("A part has the name __proto__, which no field has");
      this.#count(name.length + fieldCost);
      this.#field = { name, bytes: new BodyBytes() };
      return;
    }
    const terms = this.#termsOf(name);
    if (terms === undefined) throw problem([name], "Invalid input: expected no file");
    this.#partName = name;
    this.#intake = new FileIntake({ name: fileName, type }, terms, isList ? this.#each : this);
  }

  data(bytes: Uint8Array): void {
    if (this.#field === undefined) {
      const { list } = this.#terms;
      this.#fileBytes += bytes.length;
      if (list !== undefined && this.#fileBytes > list.bytesMax) throw filesTooLarge(list.bytesMax);
      const file = this.#intake?.data(bytes);
      if (file !== undefined) this.#give(file);
      return;
    }
    this.#count(bytes.length);
    this.#field.bytes.add(bytes);
  }

  partEnd(): void {
    const field = this.#field;
    if (field === undefined) {
      if (this.#intake?.isNone) this.#intake = undefined;
      else if (this.#intake !== undefined && this.#intake.file === undefined) this.#give(this.#intake.open());
      if (this.#list === undefined) return;
      this.#intake?.file?.end();
      this.#intake = undefined;
      return;
    }
    this.#field = undefined;
    const bytes = field.bytes.all() ?? new Uint8Array(0);
    if (!isUtf8(bytes)) throw malformedMultipart("A field is not UTF-8");
    // What some clients send for a field in which no file was chosen.
    const isFile = this.#termsOf(field.name) !== undefined;
    if (bytes.length === 0 && isFile) return;
    if (isFile && this.#named !== undefined) throw problem([field.name], "Invalid input: expected a file");
    this.#fields.push([field.name, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")]);
  }

  /** Hands over what has come: with the file, or the first of several, or at the end of a form without one. */
  #give(file: IncomingFile | undefined): void {
    const { field, isPart, list } = this.#terms;
    if (file !== undefined && list !== undefined && this.#list?.count === list.filesMax) throw tooManyFiles(list.filesMax);
    if (file !== undefined) this.#named?.next(this.#partName);
    if (file !== undefined) this.#list?.push(file);
    if (this.#isTaken) return;
    this.#isTaken = true;
    const upload = this.#named ?? (file && (this.#list ?? file));
    this.#taker.take(isPart ? { fields: this.#fields, file: upload && { field, upload } } : file);
    this.#done?.();
  }

  /** What a field takes of a file; undefined where it takes none. */
  #termsOf(name: string): FileTerms | undefined {
    const { field, named } = this.#terms;
    return named === undefined ? (name === field ? this.#terms : undefined) : named.get(name);
  }

  /** So many bytes more are kept of the fields. */
  #count(bytes: number): void {
    const { bodyBytes, anonymousBodyBytes } = this.#share.reader.limits;
    const { anonymousBytes } = this.#taker;
    const most = anonymousBytes === undefined ? bodyBytes : Math.min(bodyBytes, Math.max(anonymousBodyBytes, anonymousBytes));
    this.#fieldBytes += bytes;
    if (this.#fieldBytes > most) throw bodyTooLarge(most);
    this.#share.take(bytes);
    this.#taker.keep(bytes);
  }

  /** *Faults thrown*: `upload_too_slow` (408). */
  #refuseSlow(): never {
    throw uploadTooSlow(this.#share.reader.limits);
  }

  /** Returns whether more may come now. */
  #try(work: () => void): boolean {
    if (this.#isOver) return true;
    try {
      work();
    } catch (error) {
      const isTaken = this.#isTaken;
      this.stop(error);
      if (isTaken) this.#taker.refuse(error);
      else this.#failed?.(error);
    }
    return this.#isOver || (this.#intake?.file?.isFull !== true && this.#list?.isFull !== true);
  }
}
