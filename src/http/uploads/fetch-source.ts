import type { BodySink } from "../lean-request.ts";
import type { RequestHeaders } from "../request-headers.ts";
import type { BodySource } from "./upload-reading.ts";

/** The body of a web request, read no faster than its sink takes it. */
export class FetchSource implements BodySource {
  readonly known: RequestHeaders;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #failed: () => void;
  #sink: BodySink | undefined = undefined;
  #resume: (() => void) | undefined = undefined;
  chunks = 0;

  /** `failed`: the body ends with an error, because its sender is gone. */
  constructor(request: Request, known: RequestHeaders, failed: () => void) {
    this.known = known;
    this.#reader = request.body?.getReader();
    this.#failed = failed;
  }

  pipeTo(sink: BodySink): void {
    this.#sink = sink;
    this.#pump().catch(this.#failed);
  }

  goOn(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  discard(): void {
    this.#sink = undefined;
    this.#reader?.cancel().catch(() => undefined);
    this.goOn();
  }

  async #pump(): Promise<void> {
    for (let read = await this.#reader?.read(); read !== undefined && !read.done; read = await this.#reader?.read()) {
      this.chunks++;
      if (this.#sink?.chunk(read.value) === false)
        await new Promise<void>((resolve) => {
          this.#resume = resolve;
        });
    }
    this.#sink?.end();
  }
}
