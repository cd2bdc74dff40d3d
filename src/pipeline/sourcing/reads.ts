import assert from "node:assert";
import { type Clock, sleep } from "../../core/clock.ts";
import type { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { Bound } from "../../core/load-line/bound.ts";
import type { ProjectionFreshness } from "../../operation/events/freshness.ts";
import type { EventLog } from "../../operation/events/log.ts";
import type { Refusal } from "../../operation/execution.ts";
import type { CompiledReads } from "./compiled-reads.ts";
import { lostPosition, notReached, tooFarBehind } from "./faults.ts";
import { FreshnessOf } from "./freshness.ts";
import { compareParts, type PositionParts, partsOf, readToken } from "./position-token.ts";

const firstLookMs = 5;

/** What a query that reads projections says of itself. */
export interface ReadingExecution {
  readonly operation: string;
  readonly invocation: { readonly after?: string | undefined };
  readonly settled: boolean;
  readonly acceptedAt: number;
  readonly deadlineAt: number;
  refusal: Refusal | undefined;
  remainingMs(): number;
  readonly host: {
    readonly events: EventLog | undefined;
    readonly clock: Clock;
    readonly options: { readonly development: boolean };
    readonly shedder: { faultOf(refusal: Refusal): Fault };
  };
}

/** What the queries of one process know of the projections that they read. */
export class ProjectionReads {
  readonly #projections = new Map<string, FreshnessOf>();
  readonly bound: Bound;
  #waiting = 0;
  #over = 0;

  constructor(waits: number) {
    this.bound = new Bound({
      ...{ name: "projection waits", unit: "queries that wait for a projection", declared: waits, now: () => this.#waiting },
      recount: () => {
        this.#over = 0;
      },
    });
  }

  /** Lets a query go on whose projections are as it wants them; the others wait, or are refused. */
  check(execution: ReadingExecution, reads: CompiledReads): undefined | Promise<void> {
    const { host, invocation } = execution;
    const log = host.events;
    assert(
      log !== undefined,
      `${execution.operation} reads projections, and this app has no database that keeps events. Give createApp one.`,
    );
    const after = invocation.after === undefined ? undefined : readToken(invocation.after);
    if (after === undefined && reads.projections.every((name) => this.#isFresh(execution, name, reads.stalenessMs))) return undefined;
    return this.#checkAll(execution, { reads, log, after });
  }

  /** By what was found before. Time that a test moves is not that of this process. */
  #isFresh({ host }: ReadingExecution, name: string, stalenessMs: number | undefined): boolean {
    if (stalenessMs === undefined) return true;
    const { lagAtMost = Number.POSITIVE_INFINITY } = this.#of(name, host);
    return !host.options.development && lagAtMost <= stalenessMs;
  }

  #of(name: string, { clock }: ReadingExecution["host"]): FreshnessOf {
    let known = this.#projections.get(name);
    if (known === undefined) {
      known = new FreshnessOf(name, clock);
      this.#projections.set(name, known);
    }
    return known;
  }

  async #checkAll(execution: ReadingExecution, ask: Asked): Promise<void> {
    const { after, reads, log } = ask;
    const look = (name: string) => this.#of(name, execution.host).ask(log);
    const found = await Promise.all(reads.projections.map(look));
    if (after !== undefined) {
      const behind = reads.projections.filter((_, at) => !hasReached(found[at]!, after));
      await Promise.all(
        behind.map((name) => this.#holding(execution, () => waitFor(execution, { name, look: () => look(name), ...ask, after }))),
      );
      return;
    }
    for (const [at, name] of reads.projections.entries()) refuseStale(execution, { name, found: found[at]!, reads });
  }

  async #holding(execution: ReadingExecution, work: () => Promise<void>): Promise<void> {
    const era = this.bound.judge(this.#waiting - this.#over);
    if (era === undefined) throw this.#refused(execution);
    this.bound.line.admits(++this.#waiting);
    if (era > 0) this.#over++;
    try {
      await work();
    } finally {
      this.#waiting--;
      if (era > 0 && this.bound.isApart(era)) this.#over--;
    }
  }

  #refused(execution: ReadingExecution): Fault {
    const { limit: value, line } = this.bound;
    execution.refusal = { limit: line.name, value, load: this.#waiting, mode: "enforce" };
    return execution.host.shedder.faultOf(execution.refusal);
  }
}

interface Asked {
  readonly reads: CompiledReads;
  readonly log: EventLog;
  readonly after: PositionParts | undefined;
}

function refuseStale(
  execution: ReadingExecution,
  { name, found, reads: { stalenessMs } }: { readonly name: string; readonly found: ProjectionFreshness; readonly reads: CompiledReads },
): void {
  if (stalenessMs === undefined || (found.started && found.lagMs <= stalenessMs)) return;
  throw tooFarBehind(name, { ...found, stalenessMs, random: execution.host.clock.random() });
}

/** Whether a projection has all of its events up to there. *Faults thrown*: `failed_precondition` of type `position_lost`. */
function hasReached({ next, epoch, horizon, started }: ProjectionFreshness, after: PositionParts): boolean {
  // Before a restore, or from a transaction that this database does not know.
  if (after.epoch !== epoch || after.xid > BigInt(horizon)) throw lostPosition();
  return started && (next === undefined || compareParts(partsOf(next), after) > 0);
}

/** Waits for as long as the deadline allows, and leaves a part of it for what comes after. */
async function waitFor(
  execution: ReadingExecution,
  {
    name,
    look,
    log,
    after,
  }: Asked & { readonly name: string; readonly look: () => Promise<ProjectionFreshness>; readonly after: PositionParts },
): Promise<void> {
  const { clock } = execution.host;
  const untilMs = execution.deadlineAt - Math.min(limits.projectionWaitReserveMs, execution.remainingMs() / 2);
  const woken = waker(name, log);
  try {
    for (let pauseMs = firstLookMs; !execution.settled; pauseMs = Math.min(pauseMs * 2, limits.projectionLookMs)) {
      const leftMs = untilMs - clock.monotonic();
      if (leftMs <= 0) throw notReached(name, { waitedMs: clock.monotonic() - execution.acceptedAt, random: clock.random() });
      await Promise.race([sleep(clock, Math.min(pauseMs, leftMs)), woken.next()]);
      if (hasReached(await look(), after)) return;
    }
  } finally {
    woken.off();
  }
}

/** Resolves when this process has applied events to a projection. */
function waker(name: string, log: EventLog): { next(): Promise<void>; off(): void } {
  let waiting = Promise.withResolvers<void>();
  const off = log.onProjected((projection) => {
    if (projection !== name) return;
    waiting.resolve();
    waiting = Promise.withResolvers<void>();
  });
  return { next: () => waiting.promise, off };
}
