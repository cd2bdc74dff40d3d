import { AsyncLocalStorage } from "node:async_hooks";
import { type App, runtimeOf } from "../../app/app.ts";
import type { DatabaseSource } from "../../app/database.ts";
import { type Clock, sleep, systemClock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { SkippingClock } from "./clock.ts";
import type { CrashDatabase } from "./clones.ts";
import type { Director } from "./director.ts";
import { CrashGate, type Havoc } from "./gate.ts";
import { labelledDatabase } from "./labelled-database.ts";
import type { CrashLedger } from "./ledger.ts";
import { WireProxy } from "./wire-proxy.ts";

/** What the crash lab passes to the function that creates the app. */
export interface CrashWorld {
  /** The database, through a proxy of the lab. */
  readonly database: DatabaseSource;
  /** The same database, for what connects to it in other ways. */
  readonly url: string;
  /** That of the machine, but while nothing is under way it continues to what is due next: an app that takes it waits for no tick of its own. */
  readonly clock: Clock;
  /**
   * Wraps a client of something outside (a mailer, a payment provider): each call of a method is a boundary, and stands in the ledger once it
   * arrived. Methods must be asynchronous.
   * @example provide: [override(mailer, outside("mailer", { send: async () => undefined }))]
   */
  outside<T extends object>(name: string, target: T): T;
}

/** What one run of the lab needs: how to create the app, its database, and what directs and records the run. */
export interface WorldSpec {
  readonly makeApp: (world: CrashWorld) => App;
  readonly database: CrashDatabase;
  readonly director: Director;
  readonly ledger: CrashLedger;
  readonly connections: number;
  /** How long nothing runs after a process is gone. *Units*: seconds of the database's clock. */
  readonly downSeconds: number;
  readonly jumpSeconds: number;
}

interface Instance {
  readonly app: App;
  readonly proxy: WireProxy;
  readonly gate: CrashGate;
  readonly clock: SkippingClock;
  /** Calls to the outside that have not returned. */
  readonly calls: ReadonlySet<object>;
  /** Resolves when no caller waits for it any more: its process is gone, or is suspended. */
  readonly left: Promise<void>;
  readonly isLeft: () => boolean;
  readonly isGone: () => boolean;
  readonly leave: () => void;
  readonly abandon: () => void;
}

/** Starts that fail for another reason than a server that is away or full. */
const startAttempts = 5;
const startPauseMs = 20;
const longestStartPauseMs = 200;
const stopMs = 2_000;
const goneStopMs = 50;

/** One run's database with the instances of the app that lived on it: one at a time. */
export class World {
  readonly spec: WorldSpec;
  readonly #instances: Instance[] = [];
  readonly #execution = new AsyncLocalStorage<string>();
  #current: Promise<Instance> | undefined;
  #isUp = false;
  #gaveUp: { readonly error: unknown } | undefined;
  #offset = 0;
  #wake: (() => void) | undefined;
  #stoodAt = 0;
  #over = false;
  /** Who sends the requests behind the executions; set by the one who does. */
  requests: Pick<Havoc, "isRepeatable" | "sendTwice"> = { isRepeatable: () => false, sendTwice: async () => undefined };

  /** What the last start that failed threw. */
  startFailure: unknown;

  constructor(spec: WorldSpec) {
    this.spec = spec;
  }

  /** The instance that lives; while the next one starts, it is waited for. */
  instance(): Promise<Instance> {
    this.throwIfOver();
    return this.#current ?? this.#follow(this.#start());
  }

  /** Whether the instance that lives has started. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** The process that lives is gone: nothing of it reaches the database or the outside any more. The next one starts. */
  readonly kill = (): void => {
    const last = this.#instances.at(-1);
    if (last === undefined || last.isGone()) return;
    last.abandon();
    this.spec.director.note("the process is gone, a new one starts");
    this.#replace();
  };

  /** The process that lives stands still, as one that a collector of garbage or a hypervisor has stopped; the next one starts. */
  readonly stall = (): Promise<void> => {
    const last = this.#instances.at(-1);
    if (last === undefined || last.isLeft()) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    last.gate.still = promise;
    last.leave();
    this.spec.director.note("the process stands still, another one starts");
    this.#stoodAt = systemClock.monotonic();
    this.#wake = () => {
      this.spec.director.note("the process that stood still continues");
      last.gate.still = undefined;
      resolve();
    };
    this.#replace();
    return promise;
  };

  /** Since when a process stands still, if one does. *Units*: milliseconds. */
  get standsForMs(): number | undefined {
    return this.#wake && systemClock.monotonic() - this.#stoodAt;
  }

  /** Lets the process that stands still continue, beside the one that has taken over. */
  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** When anything was last said between a process that is not gone and the database. *Units*: milliseconds of the monotonic clock. */
  get lastByteAt(): number {
    return Math.max(0, ...this.#moving.map(({ proxy }) => proxy.lastByteAt));
  }

  /** Whether an execution, a statement or a call to the outside is under way in a process that is not gone and does not stand still. */
  get isBusy(): boolean {
    return this.#moving.some(({ app, proxy, calls }) => runtimeOf(app).inFlight > 0 || proxy.isBusy || calls.size > 0);
  }

  get #moving(): readonly Instance[] {
    return this.#instances.filter(({ isGone, isLeft }) => !isGone() && (this.#wake === undefined || !isLeft()));
  }

  readonly jump = async (direction: 1 | -1): Promise<void> => {
    const { director, jumpSeconds } = this.spec;
    await this.#moveClock(direction * jumpSeconds);
    director.note(`the clock of the database is ${this.#offset} s ahead`);
  };

  /** Ends every wait of a run that has ended, or in which no instance starts any more. */
  throwIfOver(): void {
    if (this.#gaveUp !== undefined) throw this.#gaveUp.error;
    if (this.#over) throw new Fault({ code: "cancelled", message: "The run of the crash lab has ended." });
  }

  /** A clock that was set back is set right. */
  async setClockRight(): Promise<void> {
    if (this.#offset < 0) await this.#moveClock(-this.#offset);
  }

  /** The processes that wait continue to what is due next. */
  skip(withinMs: number): void {
    for (const { clock } of this.#moving) clock.skip(withinMs);
  }

  async passTime(seconds: number): Promise<void> {
    await this.#moveClock(seconds);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    this.wake();
    await Promise.race([this.#current?.catch(() => undefined), sleep(systemClock, stopMs)]);
    await Promise.all(
      this.#instances.map(async ({ app, proxy, clock, isGone }) => {
        if (isGone()) await proxy.stop();
        // An instance that was killed would try to stop in order for long: it only has to release its ports.
        const stopped = app.stop({ withinMs: 0 }).catch(() => undefined);
        await Promise.race([stopped, sleep(systemClock, isGone() ? goneStopMs : stopMs)]);
        await proxy.stop();
        // An app that is still stopping needs its clock: without it the app would keep its ports, and so this process.
        void stopped.then(() => clock.stop());
      }),
    );
  }

  async #moveClock(seconds: number): Promise<void> {
    if (seconds === 0) return;
    this.#offset += seconds;
    await this.spec.database.admin("select plimsoll.set_clock_offset(make_interval(secs => $1))", [this.#offset]);
  }

  #replace(): void {
    void this.#follow(this.#moveClock(this.spec.downSeconds).then(() => this.#start()));
  }

  #follow(next: Promise<Instance>): Promise<Instance> {
    this.#current = next;
    this.#isUp = false;
    next.then(
      () => {
        this.#isUp ||= this.#current === next;
        // Where a machine is slow, the one that takes over may need longer to start than it gets to take over.
        this.#stoodAt = systemClock.monotonic();
      },
      // Callers of `instance` and of `comeToRest` get this error.
      (error) => {
        this.#gaveUp = { error };
      },
    );
    return next;
  }

  async #start(): Promise<Instance> {
    for (let attempt = 1; ; attempt++) {
      this.throwIfOver();
      const instance = await this.#make();
      try {
        await instance.app.start();
        return instance;
      } catch (error) {
        instance.abandon();
        this.startFailure = error;
        // What supervises a process starts it again for as long as its database is away, or has no connection left for it.
        const waits = error instanceof Fault && error.code === "unavailable";
        if (!waits && attempt >= startAttempts) throw error;
        await sleep(systemClock, Math.min(longestStartPauseMs, startPauseMs * attempt));
      }
    }
  }

  async #make(): Promise<Instance> {
    const { makeApp, database, director, connections } = this.spec;
    const havoc: Havoc = {
      director,
      kill: this.kill,
      stall: this.stall,
      jump: this.jump,
      isRepeatable: (execution) => this.requests.isRepeatable(execution),
      sendTwice: (execution) => this.requests.sendTwice(execution),
    };
    const gate = new CrashGate(havoc);
    const proxy = new WireProxy(database.url, gate);
    await proxy.start();
    // If the run has ended meanwhile, it does not know of this proxy and has not stopped it.
    if (this.#over) await proxy.stop();
    this.throwIfOver();
    const { promise: left, resolve } = Promise.withResolvers<void>();
    let isGone = false;
    let isLeft = false;
    const clock = new SkippingClock();
    const calls = new Set<object>();
    const url = proxy.through(database.url);
    const app = makeApp({
      database: labelledDatabase({ url, connections }, (owner) => director.nameOf(owner)),
      ...{ url, clock },
      outside: (name, target) => this.#outside(name, target, { isGone: () => isGone, calls }),
    });
    const around = <T>(active: object, run: () => T): T => this.#execution.run(director.nameOf(active), run);
    runtimeOf(app).surround([{ name: "crash-lab", attach: () => undefined, stop: async () => undefined, around }]);
    const leave = () => {
      isLeft = true;
      resolve();
    };
    const abandon = () => {
      isGone = true;
      proxy.abandon();
      leave();
    };
    const instance: Instance = { app, proxy, gate, clock, calls, left, isLeft: () => isLeft, isGone: () => isGone, leave, abandon };
    this.#instances.push(instance);
    return instance;
  }

  #outside<T extends object>(name: string, target: T, { isGone, calls }: { isGone(): boolean; readonly calls: Set<object> }): T {
    return new Proxy(target, {
      get: (object, property) => {
        const value: unknown = Reflect.get(object, property, object);
        if (typeof value !== "function" || typeof property === "symbol") return value;
        return async (...args: unknown[]) => {
          const call = { args, isGone, work: () => Reflect.apply(value, object, args) };
          calls.add(call);
          try {
            return await this.#call(`${name}.${property}`, call);
          } finally {
            calls.delete(call);
          }
        };
      },
    });
  }

  async #call(name: string, call: { readonly args: readonly unknown[]; isGone(): boolean; work(): unknown }): Promise<unknown> {
    // An instance that was killed still has its code running in this process. It ends here: the promise never settles.
    const never = new Promise<never>(() => undefined);
    if (call.isGone()) return never;
    const { director, ledger } = this.spec;
    const fault = director.reached("outbound", `${this.#execution.getStore() ?? "app"} ${name}`);
    if (fault === "gone-before") {
      this.kill();
      return never;
    }
    if (fault === "fails-before") throw unanswered(name);
    if (fault === "stalled") await this.stall();
    ledger.outside.push({ name, args: structuredClonable(call.args) });
    const answer = await call.work();
    if (call.isGone()) return never;
    if (fault === "gone-after") {
      this.kill();
      return never;
    }
    if (fault === "fails-after") throw unanswered(name);
    return answer;
  }
}

/** Arguments as they were: without what cannot be copied, such as a signal. */
function structuredClonable(args: readonly unknown[]): readonly unknown[] {
  return args.map((arg) => (arg === undefined ? undefined : JSON.parse(JSON.stringify(arg) ?? "null")));
}

function unanswered(name: string): Fault {
  return new Fault({ code: "unavailable", message: `${name} did not respond. Try again.`, retryAfterMs: 10 });
}
