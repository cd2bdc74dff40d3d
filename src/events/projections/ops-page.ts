import { isOpsId, type OpsPage, type OpsRequest, type OpsResponse, opsFound, readOpsRequest } from "../../operation/ops-page.ts";
import type { Events } from "../events.ts";

const help = {
  "GET /projections": "shows the projections, their rebuilds, and the last events that they skipped",
  "POST /projections/{name}/rebuild, …/cancel": "makes its table again beside the one that is read, or ends that",
  "POST /projections/{name}/pause, …/resume": "pauses or resumes a projection in all processes",
  "POST /projections/{name}/retry?id=": "applies an event that was skipped once more",
} as const;

/** The page `/projections` of the ops port. A POST needs the header `plimsoll-ops: yes`. */
export function projectionsPage(events: Events): OpsPage {
  return { path: "/projections", answer: (request) => answer(events, request) };
}

async function answer(events: Events, request: OpsRequest): Promise<OpsResponse | undefined> {
  const asked = readOpsRequest(request, help);
  if ("status" in asked) return asked;
  const { projections } = events;
  const [name, action] = asked.parts;
  if (!asked.changes) {
    if (name !== undefined && name !== "") return undefined;
    return { status: 200, body: { projections: await projections.list(), skipped: await projections.skipped({ limit: 20 }), help } };
  }
  if (name === undefined || action === undefined) return undefined;
  return control(events, { name, action, id: asked.query.get("id") ?? "" });
}

async function control(
  events: Events,
  { name, action, id }: { readonly name: string; readonly action: string; readonly id: string },
): Promise<OpsResponse | undefined> {
  const { projections } = events;
  if (action === "rebuild") return { status: 200, body: { begun: await projections.rebuild(name) } };
  if (action === "cancel") return opsFound({ cancelled: await projections.cancelRebuild(name) });
  if (action === "pause" || action === "resume") {
    await events[action](name);
    return opsFound({ [action === "pause" ? "paused" : "resumed"]: name });
  }
  if (action !== "retry") return undefined;
  if (!isOpsId(id)) return { status: 400, body: { error: "The id is not a UUID. Add ?id=…, copied from GET /projections.", help } };
  return opsFound({ retried: await events.retry(name, id) });
}
