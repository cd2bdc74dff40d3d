import type { RedisClientType } from "redis";
import { streamCommandMs } from "./spec.ts";

/**
 * Asks Redis whether so many replicas have what was written. The server holds back all that a connection sends behind that question, for as long as it waits: so
 * one question is for all that was written before it, and none follows while it waits.
 */
export class Replicas {
  readonly #client: RedisClientType;
  readonly #least: number;
  /** The question that waits, or waited last. */
  #last: Promise<unknown> = Promise.resolve();
  /** The one behind it, for all that is written meanwhile. */
  #next: Promise<number> | undefined;
  #connections = 0;
  #areShort = false;

  constructor(client: RedisClientType, least: number) {
    this.#client = client;
    this.#least = least;
    client.on("ready", () => {
      this.#connections += 1;
    });
  }

  /** Whether too few had what was asked for last: until they have it, what is written again only makes copies. */
  get areShort(): boolean {
    return this.#areShort;
  }

  /** Resolves when the replicas have all that was written before the call. Rejects where they do not have it in time. */
  async reached(): Promise<void> {
    if (this.#least === 0) return;
    const connection = this.#connections;
    this.#next ??= this.#ask();
    const reached = await this.#next;
    if (reached < this.#least) throw new RangeError(`${reached} of ${this.#least} replicas have the message`);
    // The server knows what a connection has written, and responds at once to one that has written nothing.
    if (this.#connections !== connection) throw new RangeError("the connection was lost before the replicas had the message");
  }

  async #ask(): Promise<number> {
    await this.#last;
    this.#next = undefined;
    const asked = this.#client.sendCommand(["WAIT", String(this.#least), String(streamCommandMs / 2)]);
    this.#last = asked.catch(() => undefined);
    const reached = Number(await asked);
    this.#areShort = reached < this.#least;
    return reached;
  }
}
