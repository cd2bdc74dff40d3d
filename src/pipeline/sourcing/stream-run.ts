import assert from "node:assert";
import { isDeepStrictEqual } from "node:util";
import { limits } from "../../core/limits.ts";
import type { SnapshotRow, StreamRead, StreamRow } from "../../operation/events/log.ts";
import type { AnyEventStream } from "../../operation/sourcing/event-stream.ts";
import type { Transaction } from "../../operation/transaction.ts";
import { addRow, isEventKey, rowOf } from "../events/emitted.ts";
import { sealPersonal } from "../events/personal.ts";
import { readStored, takesVersion, Unreadable } from "../events/stored.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import type { RunningExecution } from "../state/running-execution.ts";
import type { CompiledEventStream } from "./declared.ts";
import { longStream, snapshotMismatch, unreadableStream } from "./faults.ts";
import { StreamPeople } from "./stream-people.ts";

/** Where a stream is opened: by which operation, in which transaction. */
export interface StreamRun {
  readonly execution: RunningExecution;
  readonly compiled: CompiledOperation;
  readonly transaction: Transaction;
  readonly tenant: string | undefined;
}

/** The state of a stream as it is known in a transaction. */
export interface Known {
  readonly state: unknown;
  readonly version: number;
  /** Of the last snapshot; 0 where there is none. */
  readonly snapshot: number;
}

interface Loading {
  known: Known | undefined;
  /** Events were appended without a load. */
  blind: number | undefined;
  keeps: boolean;
  loading: Promise<Known> | undefined;
}

/** An event as a handler or a decider gives it. */
export interface NewEvent {
  readonly name: string;
  readonly data: unknown;
}

const opened = new WeakMap<Transaction, Map<string, StreamInTransaction>>();

/** Opens a stream; the same one in a transaction each time. */
export function openStream(run: StreamRun, declared: AnyEventStream, id: unknown): StreamInTransaction {
  const { execution, compiled, transaction } = run;
  const known = execution.host.registry.streams.get(declared);
  const isListed = compiled.operation.spec.streams?.includes(declared) === true;
  assert(isListed && known !== undefined, `${compiled.name} opens ${declared?.name}, which it does not list. Add it to its streams.`);
  assert(
    typeof id === "string" && isEventKey(id),
    `The id of a stream of ${declared.name} is a text of 1 to ${limits.eventKeyChars} characters without control characters. Give one.`,
  );
  let all = opened.get(transaction);
  if (all === undefined) {
    all = new Map();
    opened.set(transaction, all);
  }
  const key = `${declared.name} ${id}`;
  let stream = all.get(key);
  if (stream === undefined) {
    stream = new StreamInTransaction(run, known, id);
    all.set(key, stream);
  }
  return stream;
}

/** One stream in one transaction: what is known of it, and what is appended to it with the commit. */
class StreamInTransaction {
  readonly #run: StreamRun;
  readonly #compiled: CompiledEventStream;
  readonly #id: string;
  readonly #people: StreamPeople;
  #now: Loading = { known: undefined, blind: undefined, keeps: false, loading: undefined };

  constructor(run: StreamRun, compiled: CompiledEventStream, id: string) {
    this.#run = run;
    this.#compiled = compiled;
    this.#id = id;
    const { execution, transaction, tenant } = run;
    this.#people = new StreamPeople({
      ...{ vault: execution.host.vault, tenant, stream: this.#name },
      ask: (statement) => transaction.run(statement),
    });
  }

  get #name() {
    return { type: this.#compiled.stream.name, id: this.#id };
  }

  async load(): Promise<Known> {
    const { known, blind } = this.#now;
    if (known !== undefined) return known;
    assert(blind === undefined, `Events were appended to ${this.#name.type} ${this.#id} before it was loaded. Load it first, or decide.`);
    this.#now.loading ??= this.#read().finally(() => {
      this.#now.loading = undefined;
    });
    const read = await this.#now.loading;
    this.#now.known ??= read;
    return this.#now.known;
  }

  async decide(command: unknown) {
    const { state } = await this.load();
    const { decider } = this.#compiled.stream;
    const decided: unknown = decider.decide(command, state);
    assert(Array.isArray(decided), `decide of ${this.#name.type} returned something that is not a list. Return the events, or [].`);
    const events = this.#append(decided, (this.#now.known as Known).version);
    const { state: after, version } = this.#now.known as Known;
    return { state: after, version, events };
  }

  append(events: readonly NewEvent[], version: number): void {
    const at = this.#now.known?.version ?? this.#now.blind ?? version;
    assert(
      Number.isInteger(version) && version === at,
      `Events are appended to ${this.#name.type} ${this.#id} at version ${version}, and it is at ${at} in this transaction. Give the version that load returned.`,
    );
    this.#append(events, version);
  }

  /** Nothing of what a failed half appended may be committed without the other, also where the handler catches the refusal. */
  #append(events: readonly NewEvent[], version: number): readonly NewEvent[] {
    const { transaction, execution } = this.#run;
    execution.throwIfSettled();
    transaction.assertInside();
    const before = this.#now;
    transaction.onUndo(() => {
      this.#now = { ...before, loading: undefined };
    });
    try {
      return this.#appendAll(events, version);
    } catch (error) {
      transaction.doom(error);
      throw error;
    }
  }

  #appendAll(events: readonly NewEvent[], version: number): readonly NewEvent[] {
    const { stream, events: known } = this.#compiled;
    const { execution } = this.#run;
    let state = this.#now.known?.state;
    const appended = events.map(({ name, data: sent }, at) => {
      const event = known.get(name);
      assert(event !== undefined, `${stream.name} appends ${name}, which its decider does not list. Add it to its events.`);
      const { row: made, data } = rowOf(event, execution.host.clock.uuid(), sent);
      const placed = { ...made, stream: { ...this.#name, version: version + at + 1 } };
      const row = sealPersonal(execution, event, { ...this.#run, row: placed, used: this.#people.add });
      addRow(execution, { ...this.#run, row });
      if (this.#now.known !== undefined) state = stream.decider.evolve(state, { name, data });
      return { name, data };
    });
    const { known: was } = this.#now;
    const to = version + appended.length;
    this.#now = was === undefined ? { ...this.#now, blind: to } : { ...this.#now, known: { ...was, state, version: to } };
    this.#keepSnapshot();
    return appended;
  }

  #keepSnapshot(): void {
    const { snapshot: policy } = this.#compiled.stream;
    const { known, keeps } = this.#now;
    if (policy === undefined || known === undefined || keeps || known.version - known.snapshot < policy.every) return;
    this.#now = { ...this.#now, keeps: true };
    const { log } = logOf(this.#run);
    // Made when it is sent: until then more may be appended, or undone.
    this.#run.transaction.defer(log.keepSnapshot(() => this.#snapshotNow(policy.version ?? 1)));
  }

  #snapshotNow(shape: number): SnapshotRow | undefined {
    const { known, keeps } = this.#now;
    if (known === undefined || !keeps) return undefined;
    const state = JSON.stringify(known.state);
    if (state === undefined || Buffer.byteLength(state) > limits.snapshotBytes) return undefined;
    const sealed = this.#people.seal(state, { version: known.version, shape });
    return sealed === undefined ? undefined : { stream: { ...this.#name, version: known.version }, shape, state: sealed };
  }

  async #read(): Promise<Known> {
    const { snapshot: policy } = this.#compiled.stream;
    const shape = policy === undefined ? undefined : (policy.version ?? 1);
    const [first, ...rest] = await this.#rows({ shape, behind: 0 });
    if (first === undefined || first.name !== null) return this.#readFrom(this.#begin, first === undefined ? [] : [first, ...rest]);
    const { streamVersion: version } = first;
    const kept = await this.#people.openState(first.data, { version, shape: shape ?? 0 });
    // A person whom it was about was erased: the events say what is left.
    if (kept === undefined) return this.#readAll();
    const found = await this.#readFrom({ state: kept.state, version, snapshot: version }, rest);
    if (this.#run.execution.host.options.development) await this.#verify(found);
    return found;
  }

  get #begin(): Known {
    return { state: this.#compiled.stream.decider.initial as unknown, version: 0, snapshot: 0 };
  }

  /** *Faults thrown*: `stream_too_long`. */
  async #readFrom(known: Known, rows: readonly StreamRow[]): Promise<Known> {
    if (rows.length > limits.streamEventsRead) throw longStream(this.#name);
    return this.#fold(known, await this.#people.open(rows));
  }

  /** Reads the events of a stream whose snapshot is gone, however many there are. */
  async #readAll(): Promise<Known> {
    for (let known = this.#begin; ; ) {
      const rows = await this.#rows({ shape: undefined, behind: known.version });
      known = this.#fold(known, await this.#people.open(rows));
      if (rows.length <= limits.streamEventsRead) return known;
    }
  }

  /** In development and tests: a snapshot must be the state that the events give. */
  async #verify({ state, version, snapshot }: Known): Promise<void> {
    const rows = await this.#rows({ shape: undefined, behind: 0 });
    if (rows.length > limits.streamEventsRead) return;
    const opened = await this.#people.open(rows);
    const replayed = this.#fold(
      this.#begin,
      opened.filter(({ streamVersion }) => streamVersion <= version),
    );
    if (!isDeepStrictEqual(asJson(state), asJson(replayed.state))) throw snapshotMismatch(this.#name, snapshot);
  }

  async #rows(read: Omit<StreamRead, "limit">): Promise<readonly StreamRow[]> {
    const { log } = logOf(this.#run);
    const load = log.load(this.#name, { ...read, limit: limits.streamEventsRead + 1 });
    return load.rows(await this.#run.transaction.run(load.statement));
  }

  #fold({ state: from, version: at, snapshot }: Known, rows: readonly StreamRow[]): Known {
    const { decider } = this.#compiled.stream;
    let [state, version] = [from, at];
    for (const row of rows) {
      version = row.streamVersion;
      if (row.name !== null) state = decider.evolve(state, { name: row.name, data: this.#dataOf(row, row.name) });
    }
    return { state, version, snapshot };
  }

  #dataOf({ streamVersion: version, version: stored, data: json }: StreamRow, name: string): unknown {
    const event = this.#compiled.events.get(name);
    const at = { version, event: `version ${stored} of ${name}` };
    if (event === undefined || stored === null || !takesVersion(event.event, stored))
      throw unreadableStream(this.#name, at, "the decider does not list it, nor does an upcast lead to what it lists");
    const data = readStored(event, stored, json);
    if (data instanceof Unreadable) throw unreadableStream(this.#name, at, data.text);
    return data;
  }
}

function logOf({ execution, compiled }: StreamRun) {
  const log = execution.host.events;
  if (log === undefined)
    assert.fail(`${compiled.name} opens a stream, and this app has no database that keeps events. Give createApp one.`);
  return { log };
}

const asJson = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value) ?? "null"));
