import { isOpsId, type OpsPage, type OpsRequest, type OpsResponse, opsFound, readOpsRequest } from "../operation/ops-page.ts";
import type { Tasks } from "./tasks.ts";
import { whyHeld, whyUnserved } from "./upkeep/reasons.ts";

const shownDeadLetters = 20;

const help = {
  "GET /tasks": "shows the queues, the tasks that no worker takes, and the last dead letters",
  "GET /tasks/{id}": "shows the state of a task",
  "POST /tasks/{id}/cancel": "cancels a task, and releases its key",
  "POST /tasks/dead-letters/requeue?id= or ?name= or ?all=true":
    "requeues at most 1,000 dead letters; not those whose key another task has by now",
  "POST /tasks/queues/{queue}/pause, …/resume": "pauses or resumes a queue in all processes",
  "POST /tasks/queues/{queue}/drain": "pauses a queue, and responds when none of its tasks runs, or after 30 s",
} as const;

/** The page `/tasks` of the ops port. A POST needs the header `plimsoll-ops: yes`. */
export function tasksPage(tasks: Tasks): OpsPage {
  return { path: "/tasks", answer: (request) => answer(tasks, request) };
}

async function answer(tasks: Tasks, request: OpsRequest): Promise<OpsResponse | undefined> {
  const asked = readOpsRequest(request, help);
  if ("status" in asked) return asked;
  const { query, changes } = asked;
  const [first, second, third] = asked.parts;
  if (!changes) {
    if (first === undefined || first === "") return overview(tasks);
    if (second !== undefined) return undefined;
    return isOpsId(first) ? opsFound({ id: first, state: await tasks.state(first) }) : undefined;
  }
  if (first === "dead-letters" && second === "requeue") return requeue(tasks, query);
  if (first === "queues" && second !== undefined && third === "pause") {
    await tasks.pause(second);
    return opsFound({ paused: second, ...(await unknownQueue(tasks, second)) });
  }
  if (first === "queues" && second !== undefined && third === "resume") {
    await tasks.resume(second);
    return opsFound({ resumed: second, ...(await unknownQueue(tasks, second)) });
  }
  if (first === "queues" && second !== undefined && third === "drain")
    return opsFound({ paused: second, drained: await tasks.drain(second), ...(await unknownQueue(tasks, second)) });
  if (first !== undefined && isOpsId(first) && second === "cancel") return opsFound({ id: first, state: await tasks.cancel(first) });
  return undefined;
}

async function overview(tasks: Tasks): Promise<OpsResponse> {
  const listed = await tasks.listQueues();
  const served = new Map(listed.map((listing) => [listing.queue, listing.served]));
  const queues = (await tasks.stats([...served.keys()])).map((stats) => ({ ...stats, served: served.get(stats.queue) }));
  const unserved = (await tasks.unserved()).map((found) => ({ ...found, why: whyUnserved(found) }));
  const held = await tasks.partitionsHeld();
  const deadLetters = (await tasks.deadLetters({ limit: shownDeadLetters })).map(readable);
  return opsFound({ queues, unserved, ...(held && { partitions: { ...held, why: whyHeld(held) } }), deadLetters, help });
}

async function requeue(tasks: Tasks, query: URLSearchParams): Promise<OpsResponse> {
  const [id, name] = [query.get("id") ?? undefined, query.get("name") ?? undefined];
  if (id === undefined && name === undefined && query.get("all") !== "true")
    return {
      status: 400,
      body: { error: "The request does not say which dead letters to requeue. Add ?id=…, ?name=… or ?all=true.", help },
    };
  if (id !== undefined && !isOpsId(id)) return { status: 400, body: { error: "The id is not a UUID. Copy it from GET /tasks.", help } };
  return opsFound({ requeued: await tasks.requeue({ ...(id !== undefined && { id }), ...(name !== undefined && { name }) }) });
}

function readable({ context, born, died, ...letter }: Awaited<ReturnType<Tasks["deadLetters"]>>[number]) {
  const { failures = [], tenant } = JSON.parse(context ?? "{}") as { failures?: unknown[]; tenant?: string };
  return { ...letter, tenant, born: new Date(born).toISOString(), died: new Date(died).toISOString(), failures };
}

/** A warning about a name that is probably misspelt. Another process may serve the queue, so the request is not refused. */
async function unknownQueue(tasks: Tasks, name: string): Promise<{ readonly warning?: string }> {
  if ((await tasks.listQueues()).some(({ queue }) => queue === name)) return {};
  return { warning: `This process serves no queue "${name}", and no task is in one. Check the name: GET /tasks lists the queues.` };
}
