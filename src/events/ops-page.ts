import { isOpsId, type OpsPage, type OpsRequest, type OpsResponse, opsFound, readOpsRequest } from "../operation/ops-page.ts";
import type { Events } from "./events.ts";
import { parsePosition, positionText } from "./position.ts";
import type { EventUpkeep } from "./upkeep.ts";
import { whyReadersHeld } from "./warnings.ts";

const shown = 20;

const help = {
  "GET /events": "shows the subscriptions, the last dead letters, replays, parked events, and what keeps readers back",
  "GET /events/log?limit=": "shows the last events, the newest first, without their data",
  "POST /events/subscriptions/{name}/pause, …/resume": "pauses or resumes a subscription in all processes",
  "POST /events/subscriptions/{name}/retry?id=": "handles a parked event, or a dead letter, once more",
  "POST /events/subscriptions/{name}/skip?id=&reason=": "makes a dead letter of a parked event, and keeps the reason",
  "POST /events/subscriptions/{name}/replay?from=&reason=&by=":
    "handles again every event since a time (2026-11-29T10:00:00Z) or a position (1/7281/12), and keeps who and why",
  "POST /events/subscriptions/{name}/forget": "deletes a subscription that no running process declares",
} as const;

/** The page `/events` of the ops port. A POST needs the header `plimsoll-ops: yes`. */
export function eventsPage(events: Events, upkeep: Pick<EventUpkeep, "readersHeld">): OpsPage {
  return { path: "/events", answer: (request) => answer({ events, upkeep }, request) };
}

interface Shown {
  readonly events: Events;
  readonly upkeep: Pick<EventUpkeep, "readersHeld">;
}

async function answer(of: Shown, request: OpsRequest): Promise<OpsResponse | undefined> {
  const asked = readOpsRequest(request, help);
  if ("status" in asked) return asked;
  const { query, changes } = asked;
  const [first, name, action] = asked.parts;
  if (!changes && first === "log" && name === undefined)
    return { status: 200, body: { events: await of.events.last({ limit: shownOf(query) }) } };
  if (!changes) return first === undefined || first === "" ? overview(of) : undefined;
  if (first !== "subscriptions" || name === undefined || action === undefined) return undefined;
  return control(of.events, { name, action, query });
}

async function overview({ events, upkeep: { readersHeld } }: Shown): Promise<OpsResponse> {
  const subscriptions = (await events.subscriptions()).map(({ epoch, xid, seq, ...stats }) => ({
    ...stats,
    position: `${epoch}/${xid}/${seq}`,
  }));
  const parked = await events.parked({ limit: shown });
  const deadLetters = await events.deadLetters({ limit: shown });
  const replays = (await events.replays({ limit: shown })).map(({ epoch, xid, seq, ...replay }) => ({
    ...replay,
    position: positionText({ epoch, xid, seq }),
  }));
  const held = readersHeld && { ...readersHeld, why: whyReadersHeld(readersHeld) };
  return { status: 200, body: { subscriptions, ...(held && { readersHeld: held }), parked, deadLetters, replays, help } };
}

async function control(
  events: Events,
  { name, action, query }: { readonly name: string; readonly action: string; readonly query: URLSearchParams },
): Promise<OpsResponse | undefined> {
  if (action === "pause" || action === "resume") {
    await events[action](name);
    return opsFound({ [action === "pause" ? "paused" : "resumed"]: name });
  }
  if (action === "forget") return opsFound({ forgotten: await events.forget(name) });
  if (action === "replay") {
    const text = query.get("from") ?? "";
    const from = parsePosition(text) === undefined ? new Date(text) : text;
    if (from instanceof Date && Number.isNaN(from.getTime()))
      return refused(
        "The request does not say since when. Add ?from= with a time, as in 2026-11-29T10:00:00Z, or a position, as in 1/7281/12.",
      );
    const [reason, by] = [query.get("reason") ?? "", query.get("by") ?? undefined];
    return opsFound({ replayed: await events.replay(name, { from, reason, by }) });
  }
  if (action !== "retry" && action !== "skip") return undefined;
  const id = query.get("id") ?? "";
  if (!isOpsId(id)) return refused("The id is not a UUID. Add ?id=…, copied from GET /events.");
  if (action === "retry") return opsFound({ retried: await events.retry(name, id) });
  return opsFound({ skipped: await events.skip(name, id, query.get("reason") ?? "") });
}

/** How many events are asked for. */
function shownOf(query: URLSearchParams): number {
  const limit = Number(query.get("limit") ?? shown);
  return Number.isInteger(limit) && limit > 0 ? Math.min(limit, 1_000) : shown;
}

const refused = (error: string): OpsResponse => ({ status: 400, body: { error, help } });
