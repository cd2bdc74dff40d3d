import type pg from "pg";
import { Fault } from "../../core/fault.ts";
import { endSession } from "../wire/end-session.ts";

/** How often another client asks: a pooler may give it each of so many backends in turn. */
const tries = 64;

/** What is needed beside the client. */
export interface SessionCheck {
  /** Makes a client of the same address, not yet connected. */
  readonly another: () => pg.Client;
  /** Says what the session is needed for, and what to do. */
  readonly message: string;
}

/**
 * Refuses a transaction pooler where a session is needed. Nothing is asked of a second client unless the backend that answers is another than the one
 * that greeted. That second client is then answered by the backend of the first, which is still connected: no session keeps that backend.
 * *Guarantees*: a pooler that keeps a backend for each session is not refused; one that has no connection left for the second client is let through.
 * *Faults thrown*: `failed_precondition` of type `pooler_keeps_no_session`.
 */
export async function checkSession(client: pg.Client, { another, message }: SessionCheck): Promise<void> {
  const backend = await backendOf(client);
  // Part of the driver since its first versions, and of no type.
  if (backend === (client as { readonly processID?: number }).processID) return;
  const second = another();
  second.on("error", () => undefined);
  try {
    if (await isAnsweredBy(second, backend)) throw new Fault({ code: "failed_precondition", type: "pooler_keeps_no_session", message });
  } finally {
    void endSession(second);
  }
}

async function isAnsweredBy(client: pg.Client, backend: number): Promise<boolean> {
  try {
    await client.connect();
    for (let i = 0; i < tries; i++) if ((await backendOf(client)) === backend) return true;
  } catch {
    // A pooler that keeps sessions may have no connection left for this one.
  }
  return false;
}

async function backendOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("select pg_catalog.pg_backend_pid() as pid");
  return rows[0]?.pid ?? 0;
}
