import type { Actor } from "plimsoll";
import { type Invocation, type RunningExecution, type ShapedOutput, type SurfaceFacts, type SurfaceHost, signIn } from "plimsoll/ports";
import { type Fields, type LineRequest, writeFault, writeFields } from "./line-text.ts";

export interface LineExchange {
  readonly host: SurfaceHost;
  readonly address: string;
  readonly request: LineRequest;
  /** *Units*: bytes. */
  readonly size: number;
  answer(line: string): void;
}

/** One line that came, on the way of every request. */
export class LineInvocation implements Invocation {
  readonly surface = "lines";
  readonly requestId = undefined;
  readonly trace = undefined;
  readonly #exchange: LineExchange;
  #written: { readonly output: ShapedOutput; readonly text: string } | undefined;

  constructor(exchange: LineExchange) {
    this.#exchange = exchange;
  }

  get address(): string {
    return this.#exchange.address;
  }
  get remainingMs(): number | undefined {
    const { within } = this.#exchange.request.options;
    return within === undefined ? undefined : Number(within);
  }
  get idempotencyKey(): string | undefined {
    return this.#exchange.request.options.key;
  }

  authenticate(execution: RunningExecution): Actor | Promise<Actor> {
    return signIn(execution, this.#exchange.host.authenticator, this.#exchange.request.options.as);
  }

  readInput(execution: RunningExecution): undefined {
    execution.input = this.#exchange.request.fields;
  }

  prepare(output: ShapedOutput): void {
    this.#written = { output, text: writeFields(output.value as Fields) };
  }

  reply({ fault, output, replayed }: RunningExecution): SurfaceFacts {
    const { request, size, answer } = this.#exchange;
    const outcome = fault === undefined ? `ok ${replayed ? "again " : ""}${this.#textOf(output!)}` : writeFault(fault);
    const line = `${request.id} ${outcome}\n`;
    answer(line);
    const labels = { word: request.word };
    return { name: "lines", title: request.word, labels, requestBytes: size, responseBytes: Buffer.byteLength(line), attributes: labels };
  }

  /** What a record keeps was not written here. */
  #textOf(output: ShapedOutput): string {
    return this.#written?.output === output ? this.#written.text : writeFields(output.value as Fields);
  }
}
