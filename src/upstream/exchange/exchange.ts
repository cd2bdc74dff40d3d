import type { Dispatcher } from "undici";
import type { DeadlineWheel, Expiring } from "../../core/deadline.ts";
import type { Call } from "../../resilience/policies/call/call.ts";
import { connectionLost, type Phase, replyTooLarge, timedOut } from "../faults.ts";
import { checkEncoding, type RawReply, readConnectionError } from "./raw-reply.ts";

/** What an exchange is held to. */
export interface ExchangeBounds {
  readonly upstream: string;
  /** *Units*: monotonic milliseconds. */
  readonly startedAt: number;
  readonly deadlineAt: number;
  readonly replyBytes: number;
  readonly replyHeaderBytes: number;
  readonly drainBytes: number;
  /** Whether the body of a refusal is kept. */
  readonly keepsRefusal: boolean;
}

/** What an exchange reports. Each is called once. */
export interface ExchangeEnds {
  resolve(reply: RawReply): void;
  reject(thrown: unknown): void;
  /** The connection is free, or gone: after the end for its caller, or with it. */
  onClosed(): void;
}

/**
 * One request on one connection, and its reply: the handler that undici calls.
 * *Guarantees*: it ends for its caller once, by the reply, a failure, its deadline or a cancellation, and then holds no place on the wheel and no listener. What
 * is cancelled before it was written is never sent; after that its connection is closed, so that nothing of its reply is read as that of another.
 */
export class Exchange implements Dispatcher.DispatchHandler, Expiring {
  readonly deadlineAt: number;
  wheelNext: Expiring | undefined = undefined;
  wheelPrevious: Expiring | undefined = undefined;
  wheelSlot = -1;
  readonly #bounds: ExchangeBounds;
  readonly #call: Call;
  readonly #wheel: DeadlineWheel;
  readonly #ends: ExchangeEnds;
  #phase: Phase = "connecting";
  #controller: Dispatcher.DispatchController | undefined;
  #ended: { readonly thrown: unknown } | undefined;
  #isClosed = false;
  #isLeft = false;
  #leaveQueue: ((reason: Error) => void) | undefined;
  #status = 0;
  #headers: Readonly<Record<string, string | string[] | undefined>> = {};
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    bounds: ExchangeBounds,
    { call, wheel, ends }: { readonly call: Call; readonly wheel: DeadlineWheel; readonly ends: ExchangeEnds },
  ) {
    this.#bounds = bounds;
    this.deadlineAt = bounds.deadlineAt;
    this.#call = call;
    this.#wheel = wheel;
    this.#ends = ends;
  }

  /** Takes its place on the wheel, and listens to the call. */
  begin(): void {
    this.#wheel.add(this);
    this.#call.scope.listen(this.#onCancel);
  }

  /** It waits for a connection to open. `leave` takes it out, and ends the attempt to connect where no other request waits for it. */
  onQueued(leave: (reason: Error) => void): void {
    this.#leaveQueue = leave;
  }

  expire(): void {
    const { upstream, startedAt } = this.#bounds;
    this.#fail(timedOut(upstream, { afterMs: this.deadlineAt - startedAt, phase: this.#phase }));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It was cancelled while it waited for the connection: it is not written.
    if (this.#ended !== undefined) controller.abort(asError(this.#ended.thrown));
    else this.#phase = "sent";
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    // 103 and its like: the reply is still to come.
    if (status < 200 || this.#ended !== undefined) return;
    this.#phase = "replying";
    this.#status = status;
    this.#headers = headers;
    const bad = checkEncoding(this.#bounds.upstream, headers);
    if (bad !== undefined) return this.#fail(bad);
    if (Number(headers["content-length"] ?? 0) > this.#room) this.#overflow();
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#ended !== undefined) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#room) this.#overflow();
    else if (this.#isGood || this.#isKept) this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#succeed();
    this.#close();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#ended === undefined) this.#end(readConnectionError(error, this.#phase, this.#bounds));
    this.#close();
  }

  /** The pool did not take it: nothing was sent. */
  refuse(error: unknown): void {
    if (this.#ended === undefined) this.#end(connectionLost(this.#bounds.upstream, { phase: this.#phase, cause: error }));
    this.#close();
  }

  get #isGood(): boolean {
    return this.#status >= 200 && this.#status < 300;
  }

  get #isKept(): boolean {
    return this.#bounds.keepsRefusal && this.#status >= 400 && this.#status < 500;
  }

  get #room(): number {
    return this.#isGood ? this.#bounds.replyBytes : this.#bounds.drainBytes;
  }

  /** A reply that is a failure is one without its body too. */
  #overflow(): void {
    const { upstream, replyBytes } = this.#bounds;
    if (this.#isGood) return this.#fail(replyTooLarge(upstream, "body", replyBytes));
    this.#chunks = [];
    this.#succeed();
    this.#controller?.abort(new Error("the body is too large to be read"));
  }

  #succeed(): void {
    if (this.#ended !== undefined) return;
    this.#end(undefined);
    const [first = emptyBody] = this.#chunks;
    const body = this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : first;
    this.#chunks = [];
    this.#ends.resolve({ status: this.#status, headers: this.#headers, body });
  }

  #fail(thrown: unknown): void {
    if (this.#ended !== undefined) return;
    this.#end(thrown);
    if (this.#controller !== undefined) return this.#controller.abort(asError(thrown));
    this.#leaveQueue?.(asError(thrown));
    if (this.#isClosed) return;
    // It is on its way to a connection, and notices when it gets one.
    this.#isLeft = true;
    this.#call.rest?.begin();
  }

  #end(thrown: unknown): void {
    this.#ended = { thrown };
    this.#wheel.remove(this);
    this.#call.scope.unlisten(this.#onCancel);
    if (thrown !== undefined) this.#ends.reject(thrown);
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#chunks = [];
    if (this.#isLeft) this.#call.rest?.settle();
    this.#ends.onClosed();
  }

  readonly #onCancel = (): void => this.#fail(this.#call.scope.reason);
}

const emptyBody = Buffer.alloc(0);

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error("the call was cancelled", { cause: thrown });
}
