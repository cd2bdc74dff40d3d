import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import { systemClock } from "../../core/clock.ts";
import { Signal } from "../../core/signals.ts";
import type { Candidate } from "./balance.ts";
import { Channel } from "./channel.ts";
import { memberVariable } from "./member-variable.ts";

/** What a member learns before it starts. */
export interface Hello {
  /** Its place: from 1 to the number of processes. */
  readonly place: number;
  readonly processes: number;
  readonly urls: { readonly surfaces: readonly (string | null)[]; readonly ops: string | null };
  /** A secret that all processes of the app share, as base64. */
  readonly secret: string;
  /** Of which the processes make the keys of TLS session tickets, as base64; another one follows. */
  readonly tickets: string;
  /** Whether it is the one that runs `once`. */
  readonly first: boolean;
}

/** What a member says of its connections since it last did, for the surface at each index. */
export interface Counts {
  readonly taken: readonly number[];
  readonly closed: readonly number[];
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

let turns = 0;

/** One process of an app, as its supervisor knows it. */
export class Member implements Candidate {
  readonly place: number;
  readonly channel: Channel;
  /** It takes connections: from its start until it stops. */
  state: "starting" | "ready" | "leaving" | "ended" = "starting";
  utilization = 0;
  turn = 0;
  readonly startedAt = systemClock.monotonic();
  readonly started = new Signal<undefined>("member started");
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #underWay: { readonly socket: Socket; readonly surface: number; readonly at: number }[] = [];
  readonly #open: number[] = [];

  constructor(place: number, hello: () => Hello) {
    this.place = place;
    const [program, ...args] = process.argv.slice(1);
    this.#child = fork(program ?? "", args, {
      env: { ...process.env, [memberVariable]: String(place) },
      // Two processes cannot listen for one debugger.
      execArgv: process.execArgv.filter((option) => !option.startsWith("--inspect")),
    });
    this.channel = new Channel(this.#child);
    this.channel.reply("join", hello);
    this.channel.on("started", () => {
      if (this.state !== "starting") return;
      this.state = "ready";
      this.started.publish(undefined);
    });
    this.channel.on("utilization", (utilization: number) => {
      this.utilization = utilization;
    });
    this.ended = this.#watch();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get open(): number {
    return this.#open.reduce((sum, open) => sum + open, 0);
  }

  get underWay(): number {
    return this.#underWay.length;
  }

  get waitingMs(): number {
    const [first] = this.#underWay;
    return first === undefined ? 0 : systemClock.monotonic() - first.at;
  }

  openOf(surface: number): number {
    return this.#open[surface] ?? 0;
  }

  /** Passes a connection on. It stays open here until the member has it. */
  hand(socket: Socket, surface: number): void {
    this.#open[surface] = this.openOf(surface) + 1;
    this.turn = ++turns;
    this.#underWay.push({ socket, surface, at: systemClock.monotonic() });
    this.channel.tell("socket", surface, socket);
  }

  /** Takes over what it says of its connections. */
  count({ taken, closed }: Counts): void {
    closed.forEach((count, surface) => {
      this.#open[surface] = this.openOf(surface) - count;
    });
    const count = taken.reduce((sum, one) => sum + one, 0);
    // It has them in the order in which they were passed on, and its copy is its own.
    for (const { socket } of this.#underWay.splice(0, count)) socket.destroy();
  }

  /** Takes back the connections of a surface that it did not get before it ended. */
  takeBack(surface: number): readonly Socket[] {
    const mine = this.#underWay.filter((one) => one.surface === surface).map(({ socket }) => socket);
    this.#open[surface] = 0;
    return mine;
  }

  /** Asks it to finish what it has and to end. It has every connection by then: messages keep their order. */
  stop(withinMs: number): void {
    if (this.state !== "ended") this.state = "leaving";
    this.channel.tell("stop", { withinMs });
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Resolves when it has ended and all that it sent is read. */
  async #watch(): Promise<Ending> {
    const child = this.#child;
    const gone = new Promise<void>((resolve) => void child.once("disconnect", resolve));
    const exit = await new Promise<Ending>((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
      child.once("error", (error) => {
        if (child.pid === undefined) resolve({ code: null, signal: error.message });
      });
    });
    if (child.connected) await gone;
    this.state = "ended";
    return exit;
  }
}
