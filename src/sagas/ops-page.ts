import { isOpsId, type OpsPage, type OpsRequest, type OpsResponse, opsFound, readOpsRequest } from "../operation/ops-page.ts";
import type { SagaReading } from "./ports/admin-store.ts";
import type { Sagas } from "./sagas.ts";

const shown = 20;

const help = {
  "GET /sagas": "shows how many sagas are under way, those of other code, and those that wait for a person",
  "GET /sagas?name=&state=": "lists the latest sagas of a name, a state, or both",
  "GET /sagas/{id}": "shows one saga with its journal",
  "POST /sagas/{id}/retry?reason=": "runs the step again that a suspended saga stopped at, or its undo",
  "POST /sagas/{id}/skip?reason=&output=": "counts that step as done, with an output as JSON, or as undone",
  "POST /sagas/{id}/undo?reason=": "undoes the steps of a suspended saga",
  "POST /sagas/{id}/fail?reason=": "ends a suspended saga as it is, and undoes nothing",
} as const;

/** The page `/sagas` of the ops port. A POST needs the header `plimsoll-ops: yes`. */
export function sagasPage(sagas: Sagas): OpsPage {
  return { path: "/sagas", answer: (request) => answer(sagas, request) };
}

async function answer(sagas: Sagas, request: OpsRequest): Promise<OpsResponse | undefined> {
  const asked = readOpsRequest(request, help);
  if ("status" in asked) return asked;
  const { query, changes, parts } = asked;
  const [id, decision] = parts;
  if (id === undefined || id === "") return changes ? undefined : overview(sagas, query);
  if (!isOpsId(id)) return refused("The id is not a UUID. Copy it from GET /sagas.");
  if (changes) return decide(sagas, { id, decision, query });
  const saga = await sagas.read(id);
  return saga === undefined ? undefined : opsFound({ saga: readable(saga), steps: saga.steps.map(readable), help });
}

async function overview(sagas: Sagas, query: URLSearchParams): Promise<OpsResponse> {
  const name = query.get("name") ?? undefined;
  const state = query.get("state") ?? undefined;
  const which = { limit: shown, ...(name !== undefined && { name }), ...(state !== undefined && { state: state as SagaReading["state"] }) };
  if (name !== undefined || state !== undefined) return opsFound({ sagas: (await sagas.list(which)).map(readable), help });
  const suspended = (await sagas.list({ state: "suspended", limit: shown })).map(readable);
  return opsFound({ counts: await sagas.counts(), changed: await sagas.check(), suspended, help });
}

async function decide(
  sagas: Sagas,
  { id, decision, query }: { readonly id: string; readonly decision: string | undefined; readonly query: URLSearchParams },
): Promise<OpsResponse | undefined> {
  const reason = query.get("reason") ?? "";
  if (decision === "retry" || decision === "undo" || decision === "fail")
    return opsFound({ [decision]: await sagas[decision](id, reason) });
  if (decision !== "skip") return undefined;
  const text = query.get("output");
  try {
    const output: unknown = text === null ? undefined : JSON.parse(text);
    return opsFound({ skip: await sagas.skip(id, reason, output) });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refused("The output is not JSON. Write it as JSON, percent-encoded.");
  }
}

/** With what is kept as JSON as values. */
function readable<T extends { readonly output: string | null; readonly fault: string | null; readonly input?: string }>(of: T) {
  const value = (text: string | null | undefined): unknown => (text === null || text === undefined ? undefined : JSON.parse(text));
  return { ...of, input: value(of.input), output: value(of.output), fault: value(of.fault) };
}

const refused = (error: string): OpsResponse => ({ status: 400, body: { error, help } });
