import assert from "node:assert/strict";
import type { ClaimedTask, ClaimRequest, Settlement } from "../../tasks/ports/claim-store.ts";
import type { TaskRow } from "../../tasks/ports/start-store.ts";
import type { TaskStore } from "../../tasks/ports/store.ts";

/** A store under test: it is empty, and no other worker uses it. */
export type StoreUnderTest = Pick<
  TaskStore,
  | ("insert" | "insertOne" | "insertKeyed" | "join" | "leave" | "heartbeat" | "claim" | "settle" | "held" | "reconcile" | "release")
  | ("listen" | "notifyQueues")
> & { readonly admin: Pick<TaskStore["admin"], "stats" | "deadLetters" | "requeue" | "pause" | "cancel" | "state" | "queues"> };

/** One thing that every task store does. */
export interface ConformanceCase {
  readonly name: string;
  /** *Faults thrown*: an `AssertionError` where the store does otherwise. */
  run(store: StoreUnderTest): Promise<void>;
}

const queue = "conformance";
let made = 0;

function row(over: Partial<TaskRow> = {}): TaskRow {
  made++;
  const id = `00000000-0000-7000-8000-${made.toString(16).padStart(12, "0")}`;
  return { ...{ id, name: "t", queue, fairnessKey: "", priority: 0, capped: false, input: `"${made}"`, context: undefined }, ...over };
}

function keyed(key: string, over: Partial<TaskRow> = {}, inputHash = "0"): TaskRow {
  return row({ ...over, unique: { id: key.padStart(32, "0"), inputHash: inputHash.padStart(32, "0"), ttlMs: 60_000 } });
}

const join = (store: StoreUnderTest, names: readonly string[] = ["t"]) => store.join("conformance", { names, queues: [queue] });
const request = (over: Partial<ClaimRequest> = {}): ClaimRequest => ({
  ...{ queue, limit: 10, after: undefined, floor: 0, except: [], maxPerKey: undefined, rate: undefined },
  ...over,
});
const idsOf = (tasks: readonly { readonly id: string }[]) => tasks.map(({ id }) => id);
const settlement = (over: Partial<Settlement>): Settlement => ({ completed: [], kept: [], retried: [], deadLettered: [], ...over });
const done = (task: ClaimedTask) => ({ ...task, claimedAt: -1 });
const letter = (task: ClaimedTask) => ({ ...task, code: "not_found", reason: "gone", context: null });
const retry = (task: ClaimedTask, delayMs: number, spent: boolean) => ({ ...task, delayMs, spent, context: null });

async function claimed(store: StoreUnderTest, rows: readonly TaskRow[]): Promise<[number, readonly ClaimedTask[]]> {
  await store.insert(rows);
  const token = await join(store);
  return [token, await store.claim(token, request())];
}

const claims: Readonly<Record<string, (store: StoreUnderTest) => Promise<void>>> = {
  "leases what was inserted, in its order, with its first attempt": async (store) => {
    const rows = [row(), row(), row()];
    const [, tasks] = await claimed(store, rows);
    assert.deepEqual(idsOf(tasks), idsOf(rows));
    assert.deepEqual(
      tasks.map(({ name, attempt, rescues, input }) => [name, attempt, rescues, input]),
      rows.map(({ input }) => ["t", 1, 0, input]),
    );
  },
  "leases no more than the limit, and nothing twice": async (store) => {
    const rows = [row(), row(), row()];
    await store.insert(rows);
    const [one, other] = [await join(store), await join(store)];
    const first = await store.claim(one, request({ limit: 2 }));
    const second = await store.claim(other, request());
    assert.deepEqual([idsOf(first), idsOf(second)], [idsOf(rows.slice(0, 2)), idsOf(rows.slice(2))]);
  },
  "leases no task that the worker does not know, nor one that is left out": async (store) => {
    const rows = [row({ name: "strange" }), row(), row({ name: "busy" })];
    await store.insert(rows);
    const token = await join(store, ["t", "busy"]);
    assert.deepEqual(idsOf(await store.claim(token, request({ except: ["busy"] }))), [rows[1]!.id]);
  },
  "holds a fairness key to its limit": async (store) => {
    const over = { capped: true };
    await store.insert([row({ ...over, fairnessKey: "a" }), row({ ...over, fairnessKey: "a" }), row({ ...over, fairnessKey: "b" })]);
    const tasks = await store.claim(await join(store), request({ maxPerKey: 1 }));
    assert.deepEqual(tasks.map(({ fairnessKey }) => fairnessKey).sort(), ["a", "b"]);
  },
  "leases nothing of a queue that is paused": async (store) => {
    await store.insert([row()]);
    const token = await join(store);
    await store.admin.pause(queue, true);
    assert.equal((await store.claim(token, request())).length, 0);
    await store.admin.pause(queue, false);
    assert.equal((await store.claim(token, request())).length, 1);
  },
};

const outcomes: Readonly<Record<string, (store: StoreUnderTest) => Promise<void>>> = {
  "completes a task, and remembers it where that is asked for": async (store) => {
    const [token, [one, other]] = await claimed(store, [row(), row()]);
    assert.equal(await store.settle(token, settlement({ completed: [done(one!)], kept: [done(other!)] })), 2);
    assert.deepEqual([await store.admin.state(one!.id), await store.admin.state(other!.id)], ["unknown", "completed"]);
    assert.equal((await store.held(token, [one!, other!])).size, 0);
  },
  "puts a task back with an attempt more only where one was spent": async (store) => {
    const [token, [one, other]] = await claimed(store, [row(), row()]);
    await store.settle(token, settlement({ retried: [retry(one!, 0, true), retry(other!, 0, false)] }));
    await store.heartbeat(token, true, [queue]);
    const again = await store.claim(token, request());
    assert.deepEqual(new Map(again.map(({ id, attempt }) => [id, attempt])), new Map([[one!.id, 2] as const, [other!.id, 1] as const]));
  },
  "keeps a task that is for later until then": async (store) => {
    const [token, [task]] = await claimed(store, [row()]);
    await store.settle(token, settlement({ retried: [retry(task!, 3_600_000, true)] }));
    assert.equal(await store.admin.state(task!.id), "retryable");
    const { nextDueMs = 0 } = await store.heartbeat(token, true, [queue]);
    assert.ok(nextDueMs > 3_000_000 && nextDueMs <= 3_600_000, `${nextDueMs}`);
    assert.equal((await store.claim(token, request())).length, 0);
  },
  "keeps a dead letter until it is requeued": async (store) => {
    const [token, [task]] = await claimed(store, [row()]);
    await store.settle(token, settlement({ deadLettered: [letter(task!)] }));
    assert.equal(await store.admin.state(task!.id), "dead_lettered");
    const [found] = await store.admin.deadLetters(undefined, 10);
    assert.deepEqual([found?.id, found?.code, found?.reason], [task!.id, "not_found", "gone"]);
    assert.equal(await store.admin.requeue({ id: task!.id, limit: 10 }), 1);
    const [again] = await store.claim(token, request());
    assert.deepEqual([again?.id, again?.attempt], [task!.id, 1]);
  },
  "takes no outcome from a worker that does not have the task": async (store) => {
    const [token, [task]] = await claimed(store, [row()]);
    const other = await join(store);
    assert.equal(await store.settle(other, settlement({ completed: [done(task!)] })), 0);
    assert.deepEqual([...(await store.held(token, [task!]))], [task!.id]);
  },
};

const leases: Readonly<Record<string, (store: StoreUnderTest) => Promise<void>>> = {
  "releases tasks for others, at the same attempt": async (store) => {
    const [token, tasks] = await claimed(store, [row(), row()]);
    await store.release(token, tasks);
    const again = await store.claim(await join(store), request());
    assert.deepEqual([idsOf(again), again.map(({ attempt }) => attempt)], [idsOf(tasks), [1, 1]]);
  },
  "releases what the worker does not know of": async (store) => {
    const [token, [known, unknown]] = await claimed(store, [row(), row()]);
    await store.reconcile(token, queue, [known!.id]);
    assert.deepEqual(idsOf(await store.claim(token, request())), [unknown!.id]);
  },
  "releases everything of a worker that leaves, and refuses its heartbeat": async (store) => {
    const [token, [task]] = await claimed(store, [row()]);
    await store.leave(token);
    assert.equal((await store.heartbeat(token, true, [queue])).alive, false);
    assert.deepEqual(idsOf(await store.claim(await join(store), request())), [task!.id]);
  },
  "keeps the lease of a worker whose heart beats, and names its queues that wait": async (store) => {
    const token = await join(store);
    await store.insert([row()]);
    const { alive, waiting } = await store.heartbeat(token, true, [queue]);
    assert.deepEqual([alive, waiting], [true, [queue]]);
  },
};

const keysAndPeople: Readonly<Record<string, (store: StoreUnderTest) => Promise<void>>> = {
  "starts one task a key, and refuses another input": async (store) => {
    const first = keyed("a");
    assert.deepEqual(await store.insertOne(first), { id: first.id, state: "started" });
    assert.deepEqual(await store.insertOne(keyed("a")), { id: first.id, state: "known" });
    assert.equal((await store.insertOne(keyed("a", {}, "1"))).state, "mismatch");
    const second = keyed("b");
    const states = (await store.insertKeyed([keyed("a"), second])).map(({ id, state }) => [id, state]);
    assert.deepEqual(states, [
      [first.id, "known"],
      [second.id, "started"],
    ]);
  },
  "cancels what waits, and says what runs": async (store) => {
    const [, [running]] = await claimed(store, [row()]);
    const waits = row();
    await store.insert([waits]);
    assert.deepEqual(
      [await store.admin.cancel(waits.id), await store.admin.cancel(waits.id), await store.admin.cancel(running!.id)],
      ["cancelled", "unknown", "running"],
    );
  },
  "counts what waits, runs, comes later and failed": async (store) => {
    const [token, [first, second]] = await claimed(store, [row(), row(), row()]);
    await store.settle(token, settlement({ retried: [retry(first!, 3_600_000, true)], deadLettered: [letter(second!)] }));
    await store.insert([row(), row()]);
    const [stats] = await store.admin.stats([queue], 100);
    const { waiting, running, later, deadLetters, paused } = stats!;
    assert.deepEqual({ waiting, running, later, deadLetters, paused }, { waiting: 2, running: 1, later: 1, deadLetters: 1, paused: false });
    const listed = (await store.admin.queues([], 100)).filter((listing) => listing.queue === queue);
    assert.deepEqual(listed, [{ queue, served: true }]);
  },
  "notifies those that listen": async (store) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const listener = await store.listen(
      (notification) => "queue" in notification && resolve(notification.queue),
      () => undefined,
    );
    store.notifyQueues([queue]);
    assert.equal(await promise, queue);
    listener.stop();
  },
};

/** What every task store does, for any test runner: each case wants a store that is empty. */
export const taskStoreCases: readonly ConformanceCase[] = [claims, outcomes, leases, keysAndPeople].flatMap((group) =>
  Object.entries(group).map(([name, run]) => ({ name, run })),
);
