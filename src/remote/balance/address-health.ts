import { remoteLimits } from "../limits.ts";

/** One call on its way to an address. *Units*: monotonic milliseconds. */
export interface OpenCall {
  readonly at: number;
}

/** What an address made of a call: it replied, whatever it said; it failed, or was lost; or its caller left first. */
export type CallEnd = "replied" | "failed" | "left";

/** What is known of one address by the calls that go there. It has no timer: each question brings its time. */
export class AddressHealth {
  readonly #open = new Set<OpenCall>();
  /** Calls whose stream is open: they are load, and say nothing of whether it replies. */
  readonly #streams = new Set<OpenCall>();
  #load = 0;
  #loadAt = Number.NEGATIVE_INFINITY;
  #repliedAt = Number.NEGATIVE_INFINITY;
  /** When the oldest call since the last reply began whose caller has left. */
  #leftSince = Number.POSITIVE_INFINITY;
  #failures = 0;
  #phase: "in" | "out" | "trial" = "in";
  #outUntil = 0;
  #trial: OpenCall | undefined;

  get inFlight(): number {
    return this.#open.size + this.#streams.size;
  }

  /** Whether it is left alone, or only tried. */
  get isOut(): boolean {
    return this.#phase !== "in";
  }

  /** How long it is left alone. */
  get outUntil(): number {
    return this.#outUntil;
  }

  /** The less, the sooner it is called: by the calls on their way, and by the load that it said last, which fades. */
  score(now: number): number {
    return (this.inFlight + 1) * (1 + loadWeight * this.loadAt(now));
  }

  /** The load that it said last, which fades. */
  loadAt(now: number): number {
    return this.#load * Math.max(0, 1 - Math.max(0, now - this.#loadAt) / fadesMs);
  }

  reports(load: number, now: number): void {
    if (!(load >= 0)) return;
    this.#load = Math.min(load, mostLoad);
    this.#loadAt = now;
  }

  /** Whether it may be called: one that is silent or fails is ejected here, and tried with one call after a while. */
  admits(now: number): boolean {
    if (this.#phase === "in") {
      if (this.#isSilent(now)) this.eject(now);
      return this.#phase === "in";
    }
    if (this.#phase === "out") {
      if (now < this.#outUntil) return false;
      this.#phase = "trial";
      this.#trial = undefined;
      return true;
    }
    if (this.#trial === undefined) return true;
    if (now - this.#trial.at >= remoteLimits.stalledMs) this.eject(now);
    return false;
  }

  starts(now: number): OpenCall {
    const call = { at: now };
    this.#open.add(call);
    if (this.#phase === "trial") this.#trial ??= call;
    return call;
  }

  /** Its stream has opened, which is a reply. */
  opens(call: OpenCall, now: number): void {
    if (!this.#open.delete(call)) return;
    this.#streams.add(call);
    this.#replied(now);
  }

  ends(call: OpenCall, end: CallEnd, now: number): void {
    const isStream = this.#streams.delete(call);
    if (!isStream && !this.#open.delete(call)) return;
    if (end === "replied") this.#replied(now);
    else if (end === "failed") {
      this.#failures++;
      if (this.#phase === "trial" || this.#failures >= remoteLimits.failures) this.eject(now);
    } else if (!isStream) {
      this.#leftSince = Math.min(this.#leftSince, call.at);
      if (call === this.#trial) this.eject(now);
    }
  }

  #replied(now: number): void {
    this.#repliedAt = now;
    this.#leftSince = Number.POSITIVE_INFINITY;
    this.#failures = 0;
    this.#phase = "in";
    this.#trial = undefined;
  }

  /** Leaves it alone for a while. */
  eject(now: number): void {
    this.#phase = "out";
    this.#outUntil = now + remoteLimits.ejectedMs;
    this.#failures = 0;
    this.#trial = undefined;
  }

  /** Calls wait for it, or have given it up, and it has replied to none of all for long enough. */
  #isSilent(now: number): boolean {
    // In the order of their beginning.
    const [oldest] = this.#open;
    const waitsSince = Math.min(oldest?.at ?? Number.POSITIVE_INFINITY, this.#leftSince);
    return now - Math.max(waitsSince, this.#repliedAt) >= remoteLimits.stalledMs;
  }
}

const fadesMs = 10_000;
const loadWeight = 4;
const mostLoad = 100;
