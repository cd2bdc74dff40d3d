import { z } from "zod";
import { module } from "../../src/operation/module.ts";
import { command } from "../../src/operation/online/command.ts";
import { query } from "../../src/operation/online/query.ts";

const Version = z.object({ version: z.int() });

export const ttlMs = 1_000;
const loadMs = 50;

/** When this process loaded the value that expires. */
export const loads: number[] = [];

/** A value that only time ends; its load takes 50 ms. */
export const expiring = query("caches.expiring", {
  input: z.object({}),
  output: Version,
  access: "public",
  budget: { deadline: "5s", concurrency: 8, queue: 0 },
  cache: { ttl: ttlMs, per: "public" },
  run: async (_, { sql }) => {
    loads.push(performance.timeOrigin + performance.now());
    await sql`select pg_sleep(${loadMs / 1_000})`.run();
    return { version: 1 };
  },
});

/** A value that only its tag ends. */
export const tagged = query("caches.tagged", {
  input: z.object({}),
  output: Version,
  access: "public",
  budget: "5s",
  cache: { ttl: "1h", per: "public", tags: ["version"] },
  run: (_, { sql }) => sql(Version)`select coalesce(max(version), 0) as version from caches.versions`.one(),
});

export const change = command("caches.change", {
  input: z.object({}),
  output: Version,
  access: "public",
  idempotent: "no",
  budget: "5s",
  run: (_, { sql, invalidate }) => {
    invalidate("version");
    return sql(Version)`
      insert into caches.versions as v (id, version) values (1, 1)
      on conflict (id) do update set version = v.version + 1 returning version`.one();
  },
});

export const values = module("caches", {
  schema: "caches",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [expiring, tagged, change],
});
