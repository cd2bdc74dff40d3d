import pg from "pg";
import { dueSoon, type Ear, type HandedOver, type TaskNews } from "../../tasks/store.ts";

const connectMs = 5_000;

export interface Listening {
  readonly heard: (news: TaskNews) => void;
  readonly lost: () => void;
  /** A name that no other session has. */
  readonly channel: string;
}

/** Listens on a connection of its own. Rejects where there is none; `lost` is called once when it is gone. */
export async function listenForTasks(url: string, { heard, lost, channel }: Listening): Promise<Ear> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "plimsoll-tasks",
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
  });
  let closed = false;
  const end = () => {
    if (closed) return;
    closed = true;
    client.end().catch(() => undefined);
    lost();
  };
  client.on("error", end);
  client.on("end", end);
  client.on("notification", ({ channel: on, payload = "" }) => heard(on === channel ? handOver(payload) : newsOf(payload)));
  try {
    await client.connect();
    await client.query(`listen plimsoll_tasks; listen ${channel}`);
    // As long as it is held, somebody hears what is said there.
    await client.query("select pg_catalog.pg_advisory_lock(pg_catalog.hashtextextended($1, 0))", [channel]);
  } catch (error) {
    closed = true;
    client.end().catch(() => undefined);
    throw error;
  }
  const stop = () => {
    closed = true;
    client.end().catch(() => undefined);
  };
  return { channel, stop };
}

function handOver(payload: string): TaskNews {
  const { token, queue, ...task } = JSON.parse(payload) as Omit<HandedOver["task"], "attempt" | "rescues" | "lag"> & {
    token: string;
    queue: string;
  };
  return { handedOver: { token: Number(token), queue, task: { ...task, attempt: 1, rescues: 0, lag: 0 } } };
}

function newsOf(payload: string): TaskNews {
  if (payload === dueSoon) return { due: true };
  const [word = "", about] = payload.split(" ");
  if (about === undefined) return { queue: word };
  return word === "cancel" ? { cancel: about } : { pause: about };
}
