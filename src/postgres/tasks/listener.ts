import pg from "pg";
import { dueSoon, type TaskNews } from "../../tasks/store.ts";

const connectMs = 5_000;

/** Listens on a connection of its own. Rejects where there is none; `lost` is called once when it is gone. */
export async function listenForTasks(
  url: string,
  { heard, lost }: { readonly heard: (news: TaskNews) => void; readonly lost: () => void },
): Promise<() => void> {
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
  client.on("notification", ({ payload = "" }) => heard(newsOf(payload)));
  try {
    await client.connect();
    await client.query("listen plimsoll_tasks");
  } catch (error) {
    closed = true;
    client.end().catch(() => undefined);
    throw error;
  }
  return () => {
    closed = true;
    client.end().catch(() => undefined);
  };
}

function newsOf(payload: string): TaskNews {
  if (payload === dueSoon) return { due: true };
  const [word = "", about] = payload.split(" ");
  if (about === undefined) return { queue: word };
  return word === "cancel" ? { cancel: about } : { pause: about };
}
