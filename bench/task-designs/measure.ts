import assert from "node:assert/strict";
import pg from "pg";
import { withClient, withPath } from "../database/database.ts";
import { median } from "../harness/rounds.ts";
import type { Design } from "./design.ts";

export interface Plan {
  readonly seconds: number;
  /** How many tasks go through where rates are measured. */
  readonly process: number;
  /** How many go through before sizes are taken. */
  readonly through: number;
}

/** What one design did in one round. *Units*: rates in tasks a second, sizes in 10^6 bytes. */
export interface DesignSample {
  /** 64 callers whose tasks are written together, two writes at a time. */
  readonly enqueuePerSecond: number;
  readonly bulkPerSecond: number;
  readonly process500PerSecond: number;
  readonly process1000PerSecond: number;
  /** WAL of one task, in bytes: to start it, and to take and complete it. */
  readonly startWal: number;
  readonly doneWal: number;
  /** What is left of tasks that went through, and how much of that a vacuum cannot free. */
  readonly leftMb: number;
  readonly vacuumedMb: number;
  /** A claim of 100 on tables that have just been made; undefined where nothing is looked for. */
  readonly claimMs: number | undefined;
  /** The same while a transaction is open that is older than all tasks, after a vacuum: what went through, and at which rate. */
  readonly heldPerSecond: number;
  readonly heldMb: number;
  readonly heldClaimMs: number | undefined;
}

const input = JSON.stringify({ orderId: "01890000-0000-7000-8000-000000000000", kind: "receipt", to: "customer@example.com", attempt: 1 });
const inputs = (count: number) => Array.from({ length: count }, () => input);
const callers = 64;
const bulk = 1_000;
const regularlyEvery = 10_000;

/** One round of one design: rates in a database of its own, and then with an old transaction in another. */
export async function measureDesign(design: Design, serverUrl: string, plan: Plan): Promise<DesignSample> {
  const rates = await inDatabase(design, serverUrl, (client, url) => measureRates({ design, client, url }, plan));
  const sizes = await inDatabase(design, serverUrl, (client) => measureLeft(design, client, plan));
  const held = await inDatabase(design, serverUrl, (client, url) => measureHeld({ design, client, url }, plan));
  return { ...rates, ...sizes, ...held };
}

interface Field {
  readonly design: Design;
  readonly client: pg.Client;
  readonly url: string;
}

async function measureRates({ design, client, url }: Field, plan: Plan) {
  await fill(design, client, 2_000);
  const claimMs = await timeClaims(design, client);
  await drain(design, client, bulk);
  const process500PerSecond = await measureProcess(design, client, { tasks: plan.process, batch: 500 });
  const process1000PerSecond = await measureProcess(design, client, { tasks: plan.process, batch: 1_000 });
  const startFrom = await wal(client);
  await fill(design, client, plan.process);
  const startTo = await wal(client);
  await drain(design, client, 1_000);
  const doneTo = await wal(client);
  const other = await connect(url);
  const enqueuePerSecond = await measureInserts(design, [client, other], { size: callers, seconds: plan.seconds });
  const bulkPerSecond = await measureInserts(design, [client], { size: bulk, seconds: plan.seconds });
  await other.end();
  return {
    ...{ enqueuePerSecond, bulkPerSecond, process500PerSecond, process1000PerSecond, claimMs },
    startWal: (startTo - startFrom) / plan.process,
    doneWal: (doneTo - startTo) / plan.process,
  };
}

async function measureLeft(design: Design, client: pg.Client, { through }: Plan) {
  await putThrough(design, client, through);
  const leftMb = await sizeMb(design, client);
  await client.query("vacuum");
  return { leftMb, vacuumedMb: await sizeMb(design, client) };
}

async function measureHeld({ design, client, url }: Field, { through }: Plan) {
  const reader = await connect(url);
  await reader.query("create table other (a integer)");
  await reader.query("begin isolation level repeatable read");
  await reader.query("select * from other");
  const seconds = await putThrough(design, client, through);
  await client.query("vacuum");
  const heldMb = await sizeMb(design, client);
  await fill(design, client, 2_000);
  const heldClaimMs = await timeClaims(design, client);
  await reader.end();
  return { heldPerSecond: through / seconds, heldMb, heldClaimMs };
}

async function measureInserts(design: Design, clients: readonly pg.Client[], { size, seconds }: { size: number; seconds: number }) {
  const batch = inputs(size);
  const since = performance.now();
  let done = 0;
  const writer = async (client: pg.Client) => {
    while (performance.now() - since < seconds * 1_000) {
      await design.insert(client, batch);
      done += size;
      if (done % 16_000 < size) await design.afterInserts?.(client);
    }
  };
  await Promise.all(clients.map(writer));
  return (done / (performance.now() - since)) * 1_000;
}

async function measureProcess(design: Design, client: pg.Client, { tasks, batch }: { tasks: number; batch: number }): Promise<number> {
  await fill(design, client, tasks);
  const since = performance.now();
  const done = await drain(design, client, batch);
  assert.equal(done, tasks, `${design.name} did ${done} of ${tasks} tasks`);
  return (tasks / (performance.now() - since)) * 1_000;
}

/** Returns for how many seconds tasks were taken and completed. */
async function putThrough(design: Design, client: pg.Client, through: number): Promise<number> {
  let ms = 0;
  for (let at = 0; at < through; at += regularlyEvery) {
    await fill(design, client, regularlyEvery);
    const since = performance.now();
    await drain(design, client, bulk);
    ms += performance.now() - since;
    await design.regularly?.(client);
  }
  return ms / 1_000;
}

async function fill(design: Design, client: pg.Client, tasks: number): Promise<void> {
  for (let at = 0; at < tasks; at += bulk) {
    await design.insert(client, inputs(bulk));
    await design.afterInserts?.(client);
  }
}

async function drain(design: Design, client: pg.Client, batch: number): Promise<number> {
  for (let done = 0; ; ) {
    const claimed = await design.claim(client, batch);
    if (claimed.size === 0) return done;
    await design.complete(client, claimed);
    done += claimed.size;
  }
}

async function timeClaims(design: Design, client: pg.Client): Promise<number | undefined> {
  if (!design.looks) return undefined;
  const times: number[] = [];
  for (let claimed = 1; claimed > 0; ) {
    const since = performance.now();
    const batch = await design.claim(client, 100);
    claimed = batch.size;
    if (claimed === 0) break;
    times.push(performance.now() - since);
    await design.complete(client, batch);
  }
  return median(times);
}

async function wal(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>("select pg_current_wal_insert_lsn() - '0/0' as bytes");
  return Number(rows[0]!.bytes);
}

async function sizeMb({ schema }: Design, client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>(
    `select sum(pg_total_relation_size(oid)) as bytes from pg_class where relnamespace = $1::regnamespace and relkind = 'r'
       and relname not in ('migrations', 'idempotency')`,
    [schema],
  );
  return Number(rows[0]!.bytes) / 1e6;
}

let made = 0;

async function inDatabase<T>(design: Design, serverUrl: string, work: (client: pg.Client, url: string) => Promise<T>): Promise<T> {
  const database = `design_${++made}`;
  await withClient(serverUrl, (client) => client.query(`create database ${database}`));
  const url = withPath(serverUrl, { database });
  const client = await connect(url);
  try {
    await design.create(client);
    await client.query("checkpoint");
    return await work(client, url);
  } finally {
    await client.end();
    await withClient(serverUrl, (admin) => admin.query(`drop database ${database} with (force)`));
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  return client;
}
