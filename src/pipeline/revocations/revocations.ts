import assert from "node:assert";
import type { Clock, Timer } from "../../core/clock.ts";
import { type Duration, formatMs, toMs } from "../../core/duration.ts";
import { limits } from "../../core/limits.ts";
import { LoadLine } from "../../core/load-line/load-line.ts";
import type { LoadLines } from "../../core/load-line/load-lines.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { Actor } from "../../operation/actor.ts";
import type {
  NewRevocation,
  Revocation,
  RevocationReading,
  RevocationStore,
  RevocationStoreSource,
} from "../../operation/authentication/revocations.ts";
import type { Statement } from "../../operation/transaction.ts";
import { revocationsUnavailable, tokenOutlives, tokenRevoked } from "./faults.ts";
import { RevocationList } from "./list.ts";

/** How an app refuses revoked credentials. */
export interface RevocationsSpec {
  /**
   * What happens to a request with credentials while this process does not know the revocations of the last second: `refuse`, it is 503
   * `revocations_unavailable`; `accept`, it is admitted as long as its token is valid. *Default*: `refuse`.
   */
  readonly withoutList?: "refuse" | "accept";
  /**
   * How long a token is valid at most; a revocation is kept for so long, and a token that is valid for longer is refused. *Default*: 1 day. *Bounds*: 1 min to
   * 90 days.
   */
  readonly longestToken?: Duration;
}

/** An execution whose caller is known. */
export interface Identified {
  readonly actor: Actor;
  readonly tenant: string | undefined;
  readonly invocation: { readonly address: string | undefined };
}

/** What the revocations of a process are made of. */
export interface RevocationsHost {
  readonly source: RevocationStoreSource;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly loadLines: LoadLines;
}

/** The revocations of an app, as one process knows them, and how old that is. */
export class Revocations {
  readonly service: Service;
  readonly #store: RevocationStore;
  readonly #clock: Clock;
  readonly #list: RevocationList;
  readonly #longestMs: number;
  readonly #accepts: boolean;
  /** Everything that was committed before it is in the list. *Units*: milliseconds of the monotonic clock. */
  #knownAt = Number.NEGATIVE_INFINITY;
  #wholeAt = Number.NEGATIVE_INFINITY;
  #usedAt = Number.NEGATIVE_INFINITY;
  #failed = false;
  #mark: string | undefined;
  #reading: Promise<void> | undefined;
  #again = false;
  #timer: Timer | undefined;
  #started = false;
  #waiting = 0;
  #unchecked = 0;

  constructor({ withoutList = "refuse", longestToken = "1d" }: RevocationsSpec, { source, clock, metrics, loadLines }: RevocationsHost) {
    assert(
      withoutList === "refuse" || withoutList === "accept",
      `createApp({ revocations: { withoutList } }) is ${JSON.stringify(withoutList)}. Write "refuse" or "accept".`,
    );
    this.#longestMs = toMs(longestToken);
    const bounded = this.#longestMs >= 60_000 && this.#longestMs <= 7_776_000_000;
    assert(bounded, `createApp({ revocations: { longestToken } }) is ${formatMs(this.#longestMs)}. Write "1m" to "90d".`);
    this.#accepts = withoutList === "accept";
    this.#clock = clock;
    this.#list = new RevocationList(this.#longestMs);
    this.#store = source.open({ clock, changed: () => this.#changed() });
    this.service = {
      name: "revocations",
      start: async () => {
        this.#started = true;
        await this.#store.service.start();
        this.#use();
        await this.#reading;
      },
      stop: async () => {
        this.#started = false;
        this.#timer?.cancel();
        this.#timer = undefined;
        await this.#store.service.stop();
      },
    };
    this.#show(metrics, loadLines);
  }

  /**
   * Refuses an execution whose credentials were revoked. A promise where the list must be read first. `asStranger`: takes what a refusal costs from the rate of its
   * address.
   * *Faults thrown*, at once or by the promise: `unauthenticated` as `token_revoked` or `token_invalid`; `unavailable` as `revocations_unavailable`.
   */
  check<E extends Identified>(execution: E, asStranger: (execution: E) => undefined | Promise<void>): undefined | Promise<void> {
    // Only who comes over a network presents credentials: the actor of a direct call or of a task is given by the program.
    if (execution.actor.kind === "anonymous" || execution.invocation.address === undefined) return undefined;
    this.#use();
    if (this.#isFresh || this.#failed || this.#waiting >= limits.revocationWaiting) return this.#judge(execution, asStranger);
    return this.#wait().then(() => this.#judge(execution, asStranger));
  }

  /** The statement by which a transaction revokes. `own`: the tenant of its execution. */
  statement(revocation: Revocation, own: string | undefined): Statement {
    return this.#store.statement(entryOf(revocation, { own, longestMs: this.#longestMs }));
  }

  get #isFresh(): boolean {
    return this.#clock.monotonic() - this.#knownAt < limits.revocationListMs;
  }

  #judge<E extends Identified>(execution: E, asStranger: (execution: E) => undefined | Promise<void>): undefined | Promise<void> {
    const verdict = this.#list.judge(execution.actor, execution.tenant);
    // What is on an old list is revoked all the same.
    if (verdict === "good") {
      if (this.#isFresh) return undefined;
      if (!this.#accepts) throw revocationsUnavailable();
      this.#unchecked++;
      return undefined;
    }
    const fault = verdict === "revoked" ? tokenRevoked() : tokenOutlives(this.#longestMs);
    const refuse = (): never => {
      throw fault;
    };
    // Who sends it is a stranger, and takes nothing of what the user may send.
    return asStranger(execution)?.then(refuse) ?? refuse();
  }

  /** Waits for a reading that began after the call, as one that was under way may have begun before a pause of the process. */
  async #wait(): Promise<void> {
    this.#waiting++;
    for (let reading = 0; reading < 2 && this.#started && !this.#isFresh && !this.#failed; reading++) {
      if (this.#reading === undefined) this.#read();
      await this.#reading;
    }
    this.#waiting--;
  }

  /** Keeps the list up to date from now on, for as long as it is used. */
  #use(): void {
    this.#usedAt = this.#clock.monotonic();
    if (this.#started && this.#timer === undefined && this.#reading === undefined) this.#read();
  }

  #changed(): void {
    if (this.#reading !== undefined) this.#again = true;
    // Where it is not used, it is too old to be trusted before it is used again.
    else if (this.#timer !== undefined) this.#read();
  }

  #read(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#again = false;
    const at = this.#clock.monotonic();
    const most = limits.revocations + spare;
    const whole = at - this.#wholeAt >= limits.revocationReloadMs || this.#list.size > most;
    this.#reading = this.#store.read(whole ? undefined : this.#mark, most).then(
      (reading) => this.#take(reading, { at, most }),
      () => this.#later(retryMs, true),
    );
  }

  #take(reading: RevocationReading, { at, most }: { readonly at: number; readonly most: number }): void {
    // There may be more, which this process has no room for: what it knows is not all.
    if (reading.entries.length >= most) {
      this.#mark = undefined;
      return this.#later(retryMs, true);
    }
    this.#list.take(reading.entries, reading.whole);
    this.#mark = reading.mark;
    this.#knownAt = at;
    if (reading.whole) this.#wholeAt = at;
    this.#later(limits.revocationPollMs, false);
  }

  /** `failed`: until the next reading has ended, requests do not wait for it. */
  #later(delayMs: number, failed: boolean): void {
    this.#reading = undefined;
    this.#failed = failed;
    if (!this.#started) return;
    if (this.#again) return this.#read();
    if (this.#clock.monotonic() - this.#usedAt >= idleMs) {
      this.#failed = false;
      return;
    }
    this.#timer = this.#clock.schedule(delayMs, () => this.#read());
  }

  #show(metrics: Metrics, loadLines: LoadLines): void {
    loadLines.register(
      new LoadLine({
        name: "revocations",
        unit: "revocations",
        declared: limits.revocations,
        now: () => this.#list.size,
        phase: () => (this.#isFresh ? "known" : "unknown"),
        fixed: "Memory is bounded, whatever the load. Revoke users instead of their sessions, or let tokens expire sooner.",
      }),
    );
    metrics.gauge({ name: "plimsoll_revocations", help: "Revocations that this process knows.", read: () => this.#list.size });
    metrics.total({
      name: "plimsoll_revocations_unchecked_total",
      help: "Requests whose credentials were accepted while the revocations of the last second were not known.",
      read: () => this.#unchecked,
    });
  }
}

/** How soon a reading that failed is tried again. *Units*: milliseconds. */
const retryMs = 100;
/** After how long without a request the list is not read any more. *Units*: milliseconds. */
const idleMs = 10_000;
/** Processes that revoke at the same time may each write one above the limit. */
const spare = 1_000;

function entryOf(
  revocation: Revocation,
  { own, longestMs }: { readonly own: string | undefined; readonly longestMs: number },
): NewRevocation {
  const [kind, id] =
    "session" in revocation
      ? (["session", revocation.session] as const)
      : "user" in revocation
        ? (["user", revocation.user] as const)
        : (["key", revocation.key] as const);
  const isId = typeof id === "string" && id.length >= 1 && id.length <= limits.revocationChars && id.isWellFormed() && !id.includes("\0");
  assert(isId, `revoke({ ${kind} }) needs a text of 1 to ${limits.revocationChars} characters. Give the id of the ${kind}.`);
  const moment = "before" in revocation ? revocation.before : "until" in revocation ? revocation.until : undefined;
  assert(!Number.isNaN(moment?.getTime() ?? 0), `revoke({ ${kind} }) has a date that is none. Give a valid Date, or leave it out.`);
  const beforeMs = kind === "user" ? moment?.getTime() : undefined;
  const untilMs = kind === "key" ? moment?.getTime() : undefined;
  return {
    ...{ kind, id, tenant: revocation.tenant ?? own ?? "", beforeMs, untilMs },
    ...{ keepMs: kind === "key" ? undefined : longestMs, most: limits.revocations },
  };
}
