import type { SendHandle } from "node:child_process";
import type { Socket } from "node:net";
import { systemClock, type Timer } from "../../core/clock.ts";
import { Fault, type FaultInit, toFault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";

/** One message between a supervisor and a member. All of it is data. */
type Message =
  | { readonly kind: "tell"; readonly name: string; readonly value: unknown }
  | { readonly kind: "ask"; readonly id: number; readonly name: string; readonly value: unknown }
  | { readonly kind: "reply"; readonly id: number; readonly value: unknown; readonly fault?: SentFault | undefined };

type SentFault = Pick<FaultInit, "code" | "message" | "retryAfterMs" | "status"> & { readonly type: string };

/** The end of a channel to another process: a child process, or the process itself if it was forked. */
export interface ChannelEnd {
  readonly connected: boolean;
  send?(
    message: unknown,
    handle: SendHandle | undefined,
    options: { readonly keepOpen?: boolean },
    callback: (error: Error | null) => void,
  ): boolean;
  on(event: "message", listener: (message: unknown, handle?: unknown) => void): unknown;
  once(event: "disconnect", listener: () => void): unknown;
}

interface Asked {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: Timer;
}

/**
 * Messages between two processes: some are only sent, some are asked and get a reply.
 * *Bounds*: `limits.processAsks` questions without a reply, also those for which no caller waits any more; one more is refused.
 */
export class Channel {
  readonly #end: ChannelEnd;
  readonly #listeners = new Map<string, (value: never, socket: Socket | undefined) => void>();
  readonly #handlers = new Map<string, (value: never) => unknown>();
  readonly #asked = new Map<number, Asked>();
  #ids = 0;

  constructor(end: ChannelEnd) {
    this.#end = end;
    end.on("message", (message, handle) => this.#receive(message as Message, handle as Socket | undefined));
    end.once("disconnect", () => this.#gone());
  }

  /** Questions that have no reply yet. */
  get unanswered(): number {
    return this.#asked.size;
  }

  /** Receives what is sent under a name. */
  on<T>(name: string, listener: (value: T, socket: Socket | undefined) => void): void {
    this.#listeners.set(name, listener);
  }

  /** Replies to what is asked under a name. */
  reply<T>(name: string, handler: (value: T) => unknown): void {
    this.#handlers.set(name, handler);
  }

  /** Sends without a reply, maybe with a socket, which stays open here. Returns whether the channel takes it. */
  tell(name: string, value?: unknown, socket?: Socket): boolean {
    return this.#send({ kind: "tell", name, value }, socket);
  }

  /** Sends, and resolves when it was handed to the system. */
  flush(name: string, value?: unknown): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#send({ kind: "tell", name, value }, undefined, resolve)) resolve();
    });
  }

  /**
   * Asks, and resolves with the reply. *Units*: milliseconds.
   * *Faults thrown*: `unavailable` of type `process_unavailable`, and those of the other process.
   */
  ask<T>(name: string, value: unknown, withinMs: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#asked.size >= limits.processAsks) return reject(unavailable(`It has not answered ${this.#asked.size} questions yet.`));
      const id = ++this.#ids;
      const timer = systemClock.schedule(withinMs, () => reject(unavailable(`It did not answer within ${withinMs} ms.`)));
      this.#asked.set(id, { resolve: resolve as Asked["resolve"], reject, timer });
      if (!this.#send({ kind: "ask", id, name, value })) this.#settle(id, undefined, unavailable("It has ended."));
    });
  }

  #send(message: Message, socket?: Socket, sent: () => void = () => undefined): boolean {
    if (!this.#end.connected || this.#end.send === undefined) return false;
    // What fails is noticed by the end of the channel.
    this.#end.send(message, socket, { keepOpen: true }, sent);
    return true;
  }

  #receive(message: Message, socket: Socket | undefined): void {
    if (message.kind === "tell") this.#listeners.get(message.name)?.(message.value as never, socket);
    else if (message.kind === "reply") this.#settle(message.id, message.value, message.fault && new Fault(message.fault));
    else if (message.kind === "ask") void this.#handle(message);
  }

  async #handle({ id, name, value }: Extract<Message, { kind: "ask" }>): Promise<void> {
    try {
      this.#send({ kind: "reply", id, value: await this.#handlers.get(name)?.(value as never) });
    } catch (error) {
      const { code, type, message, retryAfterMs, status } = toFault(error);
      const more = { ...(retryAfterMs !== undefined && { retryAfterMs }), ...(status !== undefined && { status }) };
      this.#send({ kind: "reply", id, value: undefined, fault: { code, type, message, ...more } });
    }
  }

  #settle(id: number, value: unknown, fault: Fault | undefined): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    this.#asked.delete(id);
    asked.timer.cancel();
    if (fault === undefined) asked.resolve(value);
    else asked.reject(fault);
  }

  #gone(): void {
    for (const id of [...this.#asked.keys()]) this.#settle(id, undefined, unavailable("It has ended."));
  }
}

function unavailable(reason: string): Fault {
  return new Fault({
    code: "unavailable",
    type: "process_unavailable",
    message: `Another process of this app cannot be asked. ${reason} Try again in a moment.`,
  });
}
