import type pg from "pg";
import { broken, type MigratedModule } from "../migration-files.ts";

/** All of them: what runs tasks, and what people ask of them. */
/** Of Plimsoll's own schema, what the application's role may call for tasks. */
export const taskFunctions = [
  "now_ms()",
  "start_tasks(uuid[], text[], text[], text[], smallint[], boolean[], text[], text[])",
  "start_alike_tasks(text, text, text, smallint, boolean, text, text, text)",
  "start_task(uuid, text, text, text, smallint, boolean, text, text, bigint, bigint, uuid, uuid, bigint)",
  "claim_tasks(bigint, text, integer, text, bigint, text[], integer, double precision, double precision)",
  "complete_tasks(bigint, smallint, tid[], boolean)",
  "complete_task(bigint, smallint, tid, boolean)",
  "retry_tasks(bigint, smallint[], tid[], bigint[], boolean[], text[])",
  "bury_tasks(bigint, smallint[], tid[], text[], text[], text[])",
  "give_back_tasks(bigint, smallint[], tid[])",
  "held_tasks(bigint, smallint[], tid[], uuid[])",
  "reclaim_tasks(bigint, text, uuid[])",
  "acquire_lock(text, text, integer)",
  "renew_lock(text, bigint, integer)",
  "release_lock(text, bigint)",
  "fence(text, bigint)",
  "start_alike_tasks_soon(text, text, text, smallint, boolean, text, text, text)",
  "start_task_soon(uuid, text, text, text, smallint, boolean, text, text)",
  "announce_worker(bigint, text, text[])",
  "flush()",
  "join_workers(text, integer)",
  "leave_workers(bigint)",
  "tick_worker(bigint, integer, boolean, text[], integer, integer, bigint)",
  "expire_tasks(integer, bigint, bigint)",
  "task_stats(text[], integer)",
  "dead_tasks(text, integer)",
  "revive_tasks(uuid, text, integer)",
  "pause_tasks(text, boolean)",
  "cancel_task(uuid)",
  "task_state(uuid)",
  "declare_schedules(text[], text[], bigint)",
  "read_schedules(text[])",
  "fire_schedule(text, text, bigint, bigint)",
  "pause_schedule(text, boolean)",
]
  .map((signature) => `plimsoll.${signature}`)
  .join(", ");

/** Lets the application's role use what the migrations made, and what later ones will make; of Plimsoll's own schema only what it needs. */
export async function grantTo(client: pg.Client, role: string, modules: readonly MigratedModule[]): Promise<void> {
  const app = client.escapeIdentifier(role);
  const { rows } = await client.query("select from pg_roles where rolname = $1", [role]);
  if (rows.length === 0)
    throw broken(`The role "${role}" of the application's address does not exist. Create it: create role ${app} login password '…'.`);
  const grants = modules.slice(1).map((module) => {
    const schema = client.escapeIdentifier(module.schema);
    return `
    create schema if not exists ${schema};
    grant usage on schema ${schema} to ${app};
    grant select, insert, update, delete on all tables in schema ${schema} to ${app};
    grant usage, select on all sequences in schema ${schema} to ${app};
    grant execute on all functions in schema ${schema} to ${app};
    alter default privileges in schema ${schema} grant select, insert, update, delete on tables to ${app};
    alter default privileges in schema ${schema} grant usage, select on sequences to ${app};
    alter default privileges in schema ${schema} grant execute on functions to ${app};`;
  });
  await client.query(`
    begin;
    grant usage on schema plimsoll to ${app};
    grant select on plimsoll.migrations to ${app};
    revoke execute on all functions in schema plimsoll from public;
    grant execute on function ${taskFunctions} to ${app};
    grant execute on function plimsoll.tenant(), plimsoll.actor(), plimsoll.now(), plimsoll.claim(uuid, bytea),
      plimsoll.record(uuid, bytea, double precision, text, text), plimsoll.expire_idempotency(integer) to ${app};
    ${grants.join("")}
    commit`);
}
