import assert from "node:assert";
import { limits } from "../../core/limits.ts";
import type { Upload } from "../../core/schema/opaque/upload.ts";
import { letGoOf } from "./garbage.ts";

/** What is known of a file before its bytes have come. */
export interface FileFacts {
  readonly name: string | undefined;
  readonly declaredType: string | undefined;
  readonly type: string;
}

/** How a file asks for more of its bytes. */
export interface FileSource {
  /** There is room again. */
  drained(): void;
  /** No more of them is wanted. */
  dropped(): void;
}

interface Reader {
  readonly resolve: (result: IteratorResult<Uint8Array, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

const pieceCost = 512;
const done = { done: true, value: undefined } as const;

/**
 * A file on its way from the socket to a handler.
 * *Bounds*: `limits.uploadBufferBytes` and what one read of the socket brings are kept; more is read when half of it was taken.
 */
export class IncomingFile implements Upload {
  readonly name: string | undefined;
  readonly declaredType: string | undefined;
  readonly type: string;
  readonly #source: FileSource;
  readonly #pieces: Uint8Array[] = [];
  /** Of the pieces, each counted as at least `pieceCost`. */
  #cost = 0;
  #size = 0;
  /** Of the piece that the reader has until it asks for more; 0 where it was freed. */
  #givenBytes = 0;
  #reader: Reader | undefined = undefined;
  #isRead = false;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined = undefined;

  constructor({ name, declaredType, type }: FileFacts, source: FileSource) {
    this.name = name;
    this.declaredType = declaredType;
    this.type = type;
    this.#source = source;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether nothing more should come for now. */
  get isFull(): boolean {
    return this.#cost >= limits.uploadBufferBytes;
  }

  push(bytes: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#reader !== undefined) return this.#give(bytes);
    this.#pieces.push(bytes);
    this.#cost += Math.max(pieceCost, bytes.length);
  }

  /** All of it has come. */
  end(): void {
    this.#isOver = true;
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve(done);
  }

  /** What still waits in it is let go of, and its reader gets the error. */
  fail(error: unknown): void {
    if (this.#failure !== undefined || (this.#isOver && this.#pieces.length === 0)) return;
    this.#failure = { error };
    this.#isOver = true;
    this.#clear();
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.reject(error);
  }

  async each(use: (bytes: Uint8Array) => void | Promise<void>): Promise<void> {
    for await (const bytes of this) {
      await use(bytes);
      if (free(bytes)) this.#givenBytes = 0;
    }
  }

  stream(): ReadableStream<Uint8Array> {
    return ReadableStream.from(this) as ReadableStream<Uint8Array>;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    assert(!this.#isRead, "An upload is read once, as it comes. Keep what you need of it.");
    this.#isRead = true;
    return { next: () => this.#next(), return: () => this.#leave() };
  }

  #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    assert(this.#reader === undefined, "An upload gives one piece after the other. Wait for the last one.");
    letGoOf(this.#givenBytes);
    this.#givenBytes = 0;
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    const piece = this.#pieces.shift();
    if (piece === undefined) {
      if (this.#isOver) return Promise.resolve(done);
      return new Promise((resolve, reject) => {
        this.#reader = { resolve, reject };
        this.#source.drained();
      });
    }
    this.#size += piece.length;
    this.#givenBytes = piece.length;
    this.#cost -= Math.max(pieceCost, piece.length);
    if (this.#cost < limits.uploadBufferBytes / 2) this.#source.drained();
    return Promise.resolve({ done: false, value: piece });
  }

  #give(bytes: Uint8Array): void {
    const reader = this.#reader;
    this.#reader = undefined;
    this.#size += bytes.length;
    this.#givenBytes = bytes.length;
    reader?.resolve({ done: false, value: bytes });
  }

  #leave(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#source.dropped();
    }
    this.#clear();
    return Promise.resolve(done);
  }

  #clear(): void {
    this.#pieces.length = 0;
    this.#cost = 0;
  }
}

/** Frees what a piece has alone, and returns whether it did; one that shares its memory with others is left to the garbage collector. */
function free({ buffer, byteLength }: Uint8Array): boolean {
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== byteLength) return false;
  if (!buffer.detached) buffer.transfer(0);
  return true;
}
