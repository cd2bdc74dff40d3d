import assert from "node:assert/strict";
import { type App, runtimeOf } from "../../app/app.ts";
import type { Schema } from "../../core/schema/standard.ts";
import { Signal } from "../../core/signals.ts";
import type { Command } from "../../operation/contract.ts";
import type { Engine } from "../../operation/durable/engine.ts";
import type { Durable, PreparedStart, StartContext, Started, StartOptions } from "../../operation/durable/start.ts";
import type { TaskScope } from "../../operation/durable/task.ts";
import { type Module, module } from "../../operation/module.ts";
import { command } from "../../operation/online/command.ts";
import type { TransactionOwner } from "../../operation/transaction.ts";
import { testActor } from "../test-app.ts";

/** What work of the suite takes, and what its commands return. */
export interface Note {
  readonly note: string;
}

/** The handler of work under test; `work`: what it is the handler of, to be started again. */
export type WorkHandler = (input: Note, scope: TaskScope, work: Durable) => Promise<unknown>;

/** What the suite needs of an engine. */
export interface EngineSample {
  readonly input: Schema<Note, Note>;
  /** Declares work of the engine that takes that input. An attempt that fails is followed by the next within two seconds. */
  declare(name: string, run: (input: Note, scope: TaskScope) => Promise<unknown>): Durable;
  /**
   * Makes an app with the engine and this module; the tenant is that of the actor. All apps of a sample share one database.
   * `works`: whether it runs work, or only starts it.
   */
  makeApp(conformance: Module, works: boolean): App;
}

/** What the handler was given in one attempt. */
export interface SeenAttempt extends Note {
  readonly key: string;
  readonly attempt: number;
  readonly tenant: string | undefined;
  readonly actor: { readonly id: string; readonly kind: string };
}

const withinMs = 20_000;
let made = 0;

/** The work of one case, the apps that know it, and what its handler saw. */
export class EngineBench {
  readonly seen: SeenAttempt[] = [];
  readonly work: Durable;
  /** Starts work in its transaction; a note `fails…` makes it fail afterwards. */
  readonly order: Command<Schema<Note, Note>, Schema<Note, Note>>;
  readonly #sample: EngineSample;
  readonly #saw = new Signal<undefined>("saw");
  readonly #apps: App[] = [];

  constructor(sample: EngineSample, run: WorkHandler = async () => undefined) {
    made++;
    this.#sample = sample;
    this.#saw.limitWaits(withinMs);
    this.work = sample.declare(`conformance.work-${made}`, async ({ note }, scope) => {
      const { key, attempt, tenant, actor } = scope;
      this.seen.push({ note, key, attempt, tenant, actor: { id: actor.id, kind: actor.kind } });
      this.#saw.publish(undefined);
      await run({ note }, scope, this.work);
    });
    const { input } = sample;
    this.order = command(`conformance.order-${made}`, {
      ...{ input, output: input, access: "public", idempotent: "no", budget: "10s" },
      run: async ({ note }, { start }) => {
        await start(this.work, { note });
        if (note.startsWith("fails")) throw new RangeError("asked to fail");
        return { note };
      },
    });
  }

  get notes(): readonly string[] {
    return this.seen.map(({ note }) => note);
  }

  /** Starts an app. */
  async app({ works = true } = {}): Promise<App> {
    const app = this.#sample.makeApp(module("conformance", { operations: [this.work, this.order] }), works);
    this.#apps.push(app);
    await app.start({ keepsProcess: false });
    return app;
  }

  engineOf(app: App): Engine {
    const engine = runtimeOf(app).engineOf(this.work.kind);
    assert(engine !== undefined, `the app has an engine of the kind ${this.work.kind}`);
    return engine;
  }

  /** Starts work apart from any operation. */
  start(app: App, note: unknown, { tenant, ...options }: StartOptions & { readonly tenant?: string } = {}): Promise<Started> {
    const from: StartContext = { tenant, actorId: "ann", traceparent: undefined, transaction: undefined, toWake: new Set() };
    return this.engineOf(app).starts.start(from, this.work, { input: { note }, options });
  }

  /** Calls the command that starts work. */
  call(app: App, note: string, tenant?: string): Promise<unknown> {
    return app.call(this.order, { note }, { actor: testActor({ id: "ann", tenant }) });
  }

  /** Runs a prepared start in a transaction, as the store of schedules does. */
  async commit(app: App, { statement, toWake }: PreparedStart, ends: "commit" | "rollback"): Promise<void> {
    const { database, clock } = runtimeOf(app);
    assert(database !== undefined, "the app of an engine has a database");
    const owner = transactionOwner(clock.monotonic() + withinMs);
    const transaction = database.begin({ mode: "write", isolation: "read committed", tenant: undefined, owner });
    await transaction.run(statement);
    await transaction[ends]();
    if (ends === "commit") this.engineOf(app).starts.committed(toWake);
  }

  /** Waits until the handler saw what is asked for. */
  async until(isSeen: (seen: readonly SeenAttempt[]) => boolean): Promise<void> {
    while (!isSeen(this.seen)) await this.#saw.next();
  }

  /** Waits until what was started before had its time: two more pieces of work ran, one after the other. */
  async passes(app: App): Promise<void> {
    for (const marker of ["marker one", "marker two"]) {
      await this.start(app, marker);
      await this.until(() => this.notes.includes(marker));
    }
  }

  async stop(): Promise<void> {
    for (const app of this.#apps) await app.stop({ withinMs: 0 });
  }
}

function transactionOwner(deadlineAt: number): TransactionOwner {
  const ignored = () => undefined;
  return {
    ...{ actorId: undefined, deadlineAt },
    ...{
      statementStarts: ignored,
      statementEnds: ignored,
      inputFault: ignored,
      enterDatabase: ignored,
      databaseLeaves: ignored,
      waited: ignored,
    },
  };
}
