import { createHmac } from "node:crypto";
import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { systemClock, type Timer } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import type { LoadLines } from "../../core/load-line/load-lines.ts";
import { PlaceBorrower } from "../../resilience/leases/place-borrower.ts";
import type { OpsSources } from "../ops/ops.ts";
import type { HandedSockets } from "../surface.ts";
import { Channel, type ChannelEnd } from "./channel.ts";
import type { Counts, Hello } from "./member.ts";
import { memberVariable } from "./member-variable.ts";
import { serveOps } from "./ops/member-ops.ts";

/** What a process of an app has of its supervisor. */
export class SupervisorLink {
  readonly channel: Channel;
  readonly hello: Hello;
  readonly #taken: number[] = [];
  readonly #closed: number[] = [];
  #counting = false;
  #timer: Timer | undefined;
  /** What this process has of the limits of all. */
  readonly shares: PlaceBorrower;
  #metrics: OpsSources["metrics"] | undefined;
  #tickets: Buffer;
  readonly #ticketUsers: ((secret: Buffer) => void)[] = [];

  constructor(channel: Channel, hello: Hello) {
    this.channel = channel;
    this.hello = hello;
    this.shares = new PlaceBorrower({
      clock: systemClock,
      exchange: (asks) => channel.ask("places", asks, limits.processReplyMs),
    });
    channel.on("places", () => this.shares.nudge());
    this.#tickets = Buffer.from(hello.tickets, "base64");
    channel.on("tickets", (secret: string) => {
      this.#tickets = Buffer.from(secret, "base64");
      for (const use of this.#ticketUsers) use(this.#tickets);
    });
    this.#report(performance.eventLoopUtilization());
  }

  /** The connections of one surface. */
  sockets(surface: number): HandedSockets {
    const url = this.hello.urls.surfaces[surface] ?? "";
    return { url, take: (accept) => this.#take(surface, accept), tickets: (use) => this.#giveTickets(surface, use) };
  }

  /** A session of one surface is none of another, which may ask for other certificates. */
  #giveTickets(surface: number, use: (secret: Buffer) => void): void {
    const useOwn = (secret: Buffer) => use(createHmac("sha256", secret).update(`surface ${surface}`).digest());
    this.#ticketUsers.push(useOwn);
    useOwn(this.#tickets);
  }

  readonly #accepting: ((socket: Socket) => void)[] = [];

  #take(surface: number, accept: (socket: Socket) => void): void {
    this.#accepting[surface] = accept;
    this.channel.on("socket", (at: number, socket) => this.#receive(at, socket));
  }

  #receive(surface: number, socket: Socket | undefined): void {
    this.#add(this.#taken, surface);
    const accept = this.#accepting[surface];
    // The system may refuse the copy of a connection, as without a free descriptor.
    if (socket === undefined || accept === undefined) {
      socket?.destroy();
      return this.#add(this.#closed, surface);
    }
    socket.once("close", () => this.#add(this.#closed, surface));
    accept(socket);
  }

  #add(counts: number[], surface: number): void {
    counts[surface] = (counts[surface] ?? 0) + 1;
    if (this.#counting) return;
    this.#counting = true;
    // Before anything is read from what was taken, and once for all that came in this turn.
    setImmediate(() => this.#sendCounts());
  }

  #sendCounts(): void {
    this.#counting = false;
    const filled = (counts: readonly number[]) => Array.from(counts, (count) => count ?? 0);
    const counts: Counts = { taken: filled(this.#taken.splice(0)), closed: filled(this.#closed.splice(0)) };
    this.channel.tell("counts", counts);
  }

  /** Says how busy the event loop is, as often as it changes much. */
  #report(since: ReturnType<typeof performance.eventLoopUtilization>, said = 0): void {
    this.#timer = systemClock.schedule(limits.processReportMs, () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, since);
      const differs = Math.abs(utilization - said) >= worthSaying;
      if (differs) this.channel.tell("utilization", utilization);
      this.#report(now, differs ? utilization : said);
    });
  }

  /** Says that this process is ready; resolves when it gets connections, and at the start of the app when all its processes do. */
  started(): Promise<void> {
    const serves = new Promise<void>((resolve) => this.channel.on("serve", () => resolve()));
    this.channel.tell("started");
    return serves;
  }

  /** Has the supervisor show this process on the ops port. */
  serveOps(sources: OpsSources, lines: LoadLines): void {
    serveOps(this.channel, sources, lines);
    this.#metrics = () => sources.metrics();
  }

  /** Sends what the supervisor keeps of this process. */
  async end(): Promise<void> {
    this.#timer?.cancel();
    const exposed = await this.#metrics?.();
    await this.channel.flush("last", typeof exposed === "object" ? exposed.body : undefined);
  }
}

const worthSaying = 0.1;

/** Asks the supervisor of this process for what is needed to start. *Faults thrown*: `process_unavailable`. */
export async function joinSupervisor(): Promise<SupervisorLink> {
  // A process that this one starts in turn does not have the mark.
  delete process.env[memberVariable];
  const channel = new Channel(process as ChannelEnd);
  return new SupervisorLink(channel, await channel.ask<Hello>("join", undefined, limits.processJoinMs));
}
