import { systemClock, type Timer } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { exponential } from "../../resilience/backoff.ts";
import type { AppParts } from "./app-parts.ts";
import { Door } from "./door.ts";
import { type Counts, type Ending, type Hello, Member } from "./member.ts";
import type { TicketSecret } from "./ticket-secret.ts";

/** What a {@link Supervisor} needs. */
export interface SupervisorOptions {
  readonly parts: AppParts;
  readonly processes: number;
  readonly tickets: Pick<TicketSecret, "current">;
  /** Takes what happens, as lines for stderr. */
  say(line: string): void;
  /** Takes a new member before it runs. */
  welcome?(member: Member): void;
  /** A member has ended, and all that it sent is read. */
  lost?(member: Member): void;
}

/** One of the processes that there should be. */
interface Place {
  readonly number: number;
  member: Member | undefined;
  /** Endings in a row, each soon after its start. */
  failures: number;
  restart: Timer | undefined;
}

const backoff = exponential("250ms", { max: limits.processRestartMs });

/**
 * Runs an app in several processes on this machine: accepts the connections and passes each to one of them, starts again those that end, and replaces all of
 * them one after the other on demand.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #doors: readonly Door[];
  readonly #places: readonly Place[];
  /** Every process that has not ended, also those that are being replaced. */
  readonly #living = new Set<Member>();
  readonly #urls: (string | null)[];
  #state: "new" | "starting" | "ready" | "stopping" | "stopped" = "new";
  #reloading: Promise<boolean> | undefined;
  #opened = false;
  /** Reported to members. */
  opsUrl: string | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { surfaces } = options.parts;
    this.#urls = surfaces.map(() => null);
    this.#doors = surfaces.flatMap((surface, index) => {
      const front = surface.front?.(options.processes);
      return front === undefined ? [] : [new Door({ surface: index, front, members: () => this.#serving, all: () => this.#living })];
    });
    this.#places = Array.from({ length: options.processes }, (_, index) => ({
      ...{ number: index + 1, member: undefined, failures: 0, restart: undefined },
    }));
  }

  get doors(): readonly Door[] {
    return this.#doors;
  }

  get state(): string {
    return this.#state;
  }

  /** Every process that has not ended. */
  get living(): readonly Member[] {
    return [...this.#living];
  }

  /** The processes that take connections. */
  get #serving(): readonly Member[] {
    return this.#places.flatMap(({ member }) => (member?.state === "ready" ? [member] : []));
  }

  /** Those of them that are there. */
  get serving(): readonly Member[] {
    return this.#serving;
  }

  /** Listens, starts all processes, and resolves when all are ready. Rejects when one ends before it is: then all are stopped. */
  async start(): Promise<void> {
    this.#state = "starting";
    for (const door of this.#doors) this.#urls[door.surface] = await door.listen();
    const started = await Promise.all(this.#places.map((place) => this.#launch(place, place.number === 1)));
    const failed = this.#places.filter((_, index) => !started[index]);
    if (failed.length === 0) {
      this.#state = "ready";
      for (const member of this.#serving) member.channel.tell("serve");
      return;
    }
    throw new Fault({
      code: "failed_precondition",
      type: "process_not_started",
      message: `Process ${failed.map(({ number }) => number).join(", ")} of ${this.#places.length} did not start. What it has written is above. Fix that, and start again.`,
    });
  }

  /**
   * Replaces every process by a new one, one after the other: the new one is ready before the old one stops. Returns whether all were replaced: a new one that
   * does not start ends the reload, and the old ones stay.
   */
  reload(): Promise<boolean> {
    this.#reloading ??= this.#reload().finally(() => {
      this.#reloading = undefined;
    });
    return this.#reloading;
  }

  /** Stops accepting, lets every process finish, and resolves when all have ended. *Units*: milliseconds. */
  async stop(withinMs: number): Promise<void> {
    this.#state = "stopping";
    for (const place of this.#places) place.restart?.cancel();
    await Promise.all(this.#doors.map((door) => door.close()));
    await Promise.all([...this.#living].map((member) => this.#end(member, withinMs)));
    this.#state = "stopped";
  }

  /** Ends all processes at once. */
  kill(): void {
    for (const member of this.#living) member.kill();
  }

  async #reload(): Promise<boolean> {
    for (const place of this.#places) {
      if (this.#state !== "ready") return false;
      const old = place.member;
      place.restart?.cancel();
      if (!(await this.#launch(place, false))) return false;
      if (old !== undefined && old.state !== "ended") await this.#end(old, this.#options.parts.shutdownMs);
    }
    return true;
  }

  /** Starts a process for a place, and puts it there when it is ready. Resolves with whether it became so. */
  async #launch(place: Place, first: boolean): Promise<boolean> {
    const member: Member = new Member(place.number, () => this.#hello(place, first || (place.number === 1 && !this.#opened)));
    this.#living.add(member);
    member.channel.on("counts", (counts: Counts) => {
      member.count(counts);
      for (const door of this.#doors) door.dispatch();
    });
    member.channel.on("leaving", () => member.stop(this.#options.parts.shutdownMs));
    member.channel.on("opened", () => {
      this.#opened = true;
    });
    this.#options.welcome?.(member);
    const ended = member.ended.then((ending) => this.#ended(place, member, ending));
    const ready = await Promise.race([member.started.next().then(() => true), ended.then(() => false)]);
    if (!ready) return false;
    place.member = member;
    for (const door of this.#doors) door.dispatch();
    if (this.#state === "ready") member.channel.tell("serve");
    return true;
  }

  #hello(place: Place, first: boolean): Hello {
    return {
      ...{ place: place.number, processes: this.#places.length, first },
      urls: { surfaces: this.#urls, ops: this.opsUrl ?? null },
      secret: this.#options.parts.secret.toString("base64"),
      tickets: this.#options.tickets.current,
    };
  }

  /** Stops one process; one that does not end is killed. */
  async #end(member: Member, withinMs: number): Promise<void> {
    member.stop(withinMs);
    const timer = systemClock.schedule(withinMs + limits.processEndMs, () => member.kill());
    await member.ended;
    timer.cancel();
  }

  #ended(place: Place, member: Member, { code, signal }: Ending): void {
    this.#living.delete(member);
    this.#options.lost?.(member);
    for (const door of this.#doors) door.takeBack(member.takeBack(door.surface));
    if (place.member !== member) return;
    place.member = undefined;
    if (this.#state !== "ready") return;
    const lived = systemClock.monotonic() - member.startedAt;
    place.failures = lived >= limits.processSteadyMs ? 1 : place.failures + 1;
    this.#restartLater(place, `Process ${place.number} (pid ${member.pid}) ended with ${signal ?? `exit code ${code}`}.`);
  }

  #restartLater(place: Place, what: string): void {
    const delayMs = Math.round(backoff.delayMs(place.failures, systemClock.random()));
    this.#options.say(`${what} It restarts in ${delayMs} ms.`);
    place.restart = systemClock.schedule(delayMs, () => void this.#restart(place));
  }

  async #restart(place: Place): Promise<void> {
    if (this.#state !== "ready" || place.member !== undefined) return;
    if (await this.#launch(place, false)) return;
    if (this.#state !== "ready" || place.member !== undefined) return;
    place.failures++;
    this.#restartLater(place, `Process ${place.number} did not start again.`);
  }
}
