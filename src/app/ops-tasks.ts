import type { IncomingMessage } from "node:http";
import type { Tasks } from "../tasks/tasks.ts";

/** What the ops port answers about tasks. */
export interface OpsAnswer {
  readonly status: number;
  readonly body: unknown;
}

const shownDead = 20;
/** A page in a browser on this machine could send a POST here; it cannot send a header of its own without being asked for leave. */
const header = "plimsoll-ops";

const help = {
  "GET /tasks": "queues and the last dead letters",
  "GET /tasks/{id}": "the state of one task",
  "POST /tasks/{id}/cancel": "cancels one task",
  "POST /tasks/dead/retry?id= or ?name= or ?all=true": "gives dead letters a new life, at most 1,000 at once",
  "POST /tasks/queues/{queue}/pause, …/resume": "for the whole fleet",
  "POST /tasks/queues/{queue}/drain": "pauses it, and answers when none of it runs any more, or after 30 s",
} as const;

/** Answers `/tasks` and what lies below. POST asks for the header `plimsoll-ops: yes`. Undefined where there is no such page. */
export async function answerTasks(
  tasks: Tasks,
  request: Pick<IncomingMessage, "method" | "url" | "headers">,
): Promise<OpsAnswer | undefined> {
  const url = new URL(request.url ?? "/", "http://ops");
  const [, , first, second, third] = url.pathname.split("/").map(decodeURIComponent);
  if (request.method === "GET" || request.method === "HEAD") {
    if (first === undefined || first === "")
      return found({ queues: await tasks.stats(), dead: (await tasks.dead({ limit: shownDead })).map(readable), help });
    if (second !== undefined) return undefined;
    return isId(first) ? found({ id: first, state: await tasks.state(first) }) : undefined;
  }
  if (request.method !== "POST") return { status: 405, body: { error: "only GET and POST", help } };
  if (request.headers[header] !== "yes") return { status: 403, body: { error: `a change asks for the header "${header}: yes"`, help } };
  if (first === "dead" && second === "retry") return retry(tasks, url.searchParams);
  if (first === "queues" && second !== undefined && third === "pause")
    return found({ paused: second, ...(await done(tasks.pause(second))) });
  if (first === "queues" && second !== undefined && third === "resume")
    return found({ resumed: second, ...(await done(tasks.resume(second))) });
  if (first === "queues" && second !== undefined && third === "drain") return found({ paused: second, drained: await tasks.drain(second) });
  if (first !== undefined && isId(first) && second === "cancel") return found({ id: first, state: await tasks.cancel(first) });
  return undefined;
}

async function retry(tasks: Tasks, query: URLSearchParams): Promise<OpsAnswer> {
  const [id, name] = [query.get("id") ?? undefined, query.get("name") ?? undefined];
  if (id === undefined && name === undefined && query.get("all") !== "true")
    return { status: 400, body: { error: "say which: ?id=…, ?name=… or ?all=true", help } };
  if (id !== undefined && !isId(id)) return { status: 400, body: { error: "the id is no UUID", help } };
  return found({ retried: await tasks.revive({ ...(id !== undefined && { id }), ...(name !== undefined && { name }) }) });
}

function readable({ context, born, died, ...dead }: Awaited<ReturnType<Tasks["dead"]>>[number]) {
  const { failures = [], tenant } = JSON.parse(context ?? "{}") as { failures?: unknown[]; tenant?: string };
  return { ...dead, tenant, born: new Date(born).toISOString(), died: new Date(died).toISOString(), failures };
}

const found = (body: unknown): OpsAnswer => ({ status: 200, body });

async function done(work: Promise<void>): Promise<Record<string, never>> {
  await work;
  return {};
}

function isId(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);
}
