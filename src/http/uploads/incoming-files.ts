import assert from "node:assert";
import { Fault } from "../../core/fault.ts";
import type { Upload } from "../../core/schema/opaque/upload.ts";
import type { Uploads } from "../../core/schema/opaque/uploads.ts";
import type { FileSource, IncomingFile } from "./incoming-file.ts";

interface Reader {
  readonly resolve: (result: IteratorResult<Upload, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

const done = { done: true, value: undefined } as const;

/**
 * Files of one form on their way to a handler, which takes them one after the other.
 * *Bounds*: those that wait are of one read of the socket; no more is read until all of them were taken.
 */
export class IncomingFiles implements Uploads {
  readonly #source: FileSource;
  readonly #waiting: IncomingFile[] = [];
  #current: IncomingFile | undefined = undefined;
  #reader: Reader | undefined = undefined;
  #isRead = false;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined = undefined;
  #count = 0;

  constructor(source: FileSource) {
    this.#source = source;
  }

  get count(): number {
    return this.#count;
  }

  /** Whether nothing more should come for now: a file waits to be taken. */
  get isFull(): boolean {
    return this.#waiting.length > 0;
  }

  push(file: IncomingFile): void {
    this.#count++;
    if (this.#isOver) return file.fail(passedOver());
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader === undefined) return void this.#waiting.push(file);
    this.#current = file;
    reader.resolve({ done: false, value: file });
  }

  /** All of them have come. */
  end(): void {
    this.#isOver = true;
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve(done);
  }

  /** No more of them comes, and what reads them gets the error. */
  fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#isOver = true;
    this.#current?.fail(error);
    for (const file of this.#waiting.splice(0)) file.fail(error);
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.reject(error);
  }

  [Symbol.asyncIterator](): AsyncIterator<Upload, undefined> {
    assert(!this.#isRead, "Uploads are read once, as they come. Keep what you need of them.");
    this.#isRead = true;
    return { next: () => this.#next(), return: () => this.#leave() };
  }

  #next(): Promise<IteratorResult<Upload, undefined>> {
    assert(this.#reader === undefined, "Uploads come one after the other. Wait for the last one.");
    this.#current?.fail(passedOver());
    this.#current = undefined;
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    const file = this.#waiting.shift();
    if (file !== undefined) {
      this.#current = file;
      if (!this.isFull) this.#source.drained();
      return Promise.resolve({ done: false, value: file });
    }
    if (this.#isOver) return Promise.resolve(done);
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
      this.#source.drained();
    });
  }

  #leave(): Promise<IteratorResult<Upload, undefined>> {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#current?.fail(passedOver());
      for (const file of this.#waiting.splice(0)) file.fail(passedOver());
      this.#source.dropped();
    }
    return Promise.resolve(done);
  }
}

/** What was not read of a file is gone. */
const passedOver = (): Fault =>
  new Fault({
    code: "internal",
    type: "upload_passed_over",
    message:
      "The next file was asked for before this one was read, so the rest of it was dropped. Read each file in the body of the loop over the files.",
  });
