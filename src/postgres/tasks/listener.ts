import pg from "pg";
import { limits } from "../../core/limits.ts";
import type { ClaimedTask } from "../../tasks/ports/claim-store.ts";
import { dueSoon, type TaskListener, type TaskNotification } from "../../tasks/ports/worker-store.ts";
import { checkSession } from "../start/session-address.ts";
import { verifiedUrl } from "../start/verified-url.ts";
import { endSession } from "../wire/end-session.ts";

const connectMs = 5_000;
const needsSession =
  "A worker is notified through a session, and a transaction pooler between it and PostgreSQL keeps none. Give postgres({ directUrl }) an address of the server itself, or of a pooler with pool_mode = session.";

/** What a listener calls, and the channel on which it listens. */
export interface Listening {
  readonly onNotification: (notification: TaskNotification) => void;
  readonly lost: () => void;
  /** A name that no other session has. */
  readonly channel: string;
}

/**
 * Listens on a connection of its own. Rejects where there is none; `lost` is called once when it is gone.
 * *Faults thrown*: `failed_precondition` of type `pooler_keeps_no_session`.
 */
export async function listenForTasks(url: string, { onNotification, lost, channel }: Listening): Promise<TaskListener> {
  const options = {
    connectionString: verifiedUrl(url),
    application_name: "plimsoll-tasks",
    connectionTimeoutMillis: connectMs,
    ...{ keepAlive: true, keepAliveInitialDelayMillis: limits.connectionProbeMs },
  };
  const client = new pg.Client(options);
  let closed = false;
  const end = () => {
    if (closed) return;
    closed = true;
    void endSession(client);
    lost();
  };
  client.on("error", end);
  client.on("end", end);
  client.on("notification", ({ channel: on, payload = "" }) =>
    onNotification(on === channel ? handOver(payload) : notificationOf(payload)),
  );
  try {
    await client.connect();
    await checkSession(client, { another: () => new pg.Client({ ...options, query_timeout: connectMs }), message: needsSession });
    await client.query(`listen plimsoll_tasks; listen ${channel}`);
    // As long as it is held, a process listens on this channel.
    await client.query("select pg_catalog.pg_advisory_lock(pg_catalog.hashtextextended($1, 0))", [channel]);
  } catch (error) {
    closed = true;
    void endSession(client);
    throw error;
  }
  const stop = () => {
    closed = true;
    void endSession(client);
  };
  return { channel, stop };
}

/** A handover as the database writes it. */
interface Handover extends Pick<ClaimedTask, "partition" | "place" | "id" | "name" | "rank" | "input" | "context"> {
  readonly token: string;
  readonly queue: string;
  readonly fairness_key: string;
}

function handOver(payload: string): TaskNotification {
  const { token, queue, fairness_key: fairnessKey, ...task } = JSON.parse(payload) as Handover;
  return { handedOver: { token: Number(token), queue, task: { ...task, fairnessKey, attempt: 1, rescues: 0, lag: 0 } } };
}

function notificationOf(payload: string): TaskNotification {
  if (payload === dueSoon) return { due: true };
  const [word = "", about] = payload.split(" ");
  if (about === undefined) return { queue: word };
  return word === "cancel" ? { cancel: about } : { pause: about };
}
