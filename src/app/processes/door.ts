import { createServer, type Server, type Socket } from "node:net";
import { systemClock, type Timer } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import { LoadLine, type RefusalCount } from "../../core/load-line/load-line.ts";
import { listen, publicUrlOf } from "../listen.ts";
import type { Front } from "../surface.ts";
import { lateMs, leastUtilised } from "./balance.ts";
import type { Member } from "./member.ts";

/** What a {@link Door} needs. */
export interface DoorOptions {
  /** The place of the surface among those of the app. */
  readonly surface: number;
  readonly front: Front;
  /** The processes that take connections now. */
  members(): readonly Member[];
  /** Every process that may have some. */
  all(): Iterable<Member>;
}

/**
 * Listens for one surface, and passes each connection to the process that is the least utilised. Nothing is read from a connection here.
 * *Bounds*: `limits.connectionsUnderWay` wait for a process; one more is closed.
 */
export class Door {
  readonly line: LoadLine;
  readonly surface: number;
  readonly #options: DoorOptions;
  readonly #server: Server;
  readonly #full: RefusalCount;
  readonly #waiting: Socket[] = [];
  #retry: Timer | undefined;
  #emptied: (() => void) | undefined;

  constructor(options: DoorOptions) {
    this.#options = options;
    this.surface = options.surface;
    this.line = new LoadLine({
      name: "connections without a process",
      unit: "connections",
      declared: limits.connectionsUnderWay,
      now: () => this.#waiting.length,
      fixed: "A connection that no process takes keeps memory of their supervisor.",
    });
    this.#full = this.line.reason("full");
    this.#server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#connected(socket));
  }

  /** Begins to accept. Resolves with the address. */
  async listen(): Promise<string> {
    const { port, host, what, protocol } = this.#options.front;
    await listen(this.#server, { port, host, what });
    return publicUrlOf(this.#server, host, protocol);
  }

  /** Stops accepting; resolves when all that was accepted has a process, or none will take it. */
  async close(): Promise<void> {
    this.#server.close();
    // What the system had accepted by then is on its way to us.
    await new Promise<void>((resolve) => void setImmediate(resolve));
    const members = this.#options.members();
    if (members.length === 0) this.#abandon();
    if (this.#waiting.length === 0) return;
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
  }

  /** Closes what waits: no process will take it. */
  #abandon(): void {
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    this.#emptied?.();
  }

  /** Passes on what waits, as far as processes take it. */
  dispatch(): void {
    const members = this.#options.members();
    while (this.#waiting.length > 0) {
      const member = leastUtilised(members);
      if (member === undefined) return this.#later();
      const socket = this.#waiting.shift()!;
      if (!socket.destroyed) member.hand(socket, this.surface);
    }
    this.#emptied?.();
  }

  get lines(): readonly LoadLine[] {
    return [...this.#options.front.lines, this.line];
  }

  /** Takes connections of a process that ended before it took them: nothing was read from them. */
  takeBack(sockets: readonly Socket[]): void {
    this.#waiting.unshift(...sockets);
    this.dispatch();
  }

  #connected(socket: Socket): void {
    let open = this.#waiting.length;
    for (const member of this.#options.all()) open += member.openOf(this.surface);
    if (!this.#options.front.takes(open, systemClock.monotonic())) return void socket.destroy();
    if (this.#waiting.length >= limits.connectionsUnderWay) {
      this.line.refuses(this.#full);
      return void socket.destroy();
    }
    // A client that goes away before a process has its connection is that process's to notice.
    socket.on("error", () => undefined);
    this.line.admits(this.#waiting.push(socket));
    this.dispatch();
  }

  /** A process that falls behind sends nothing that would call for another look. */
  #later(): void {
    if (this.#retry !== undefined) return;
    this.#retry = systemClock.schedule(lateMs, () => {
      this.#retry = undefined;
      this.dispatch();
    });
  }
}
