import { Fault } from "../../core/fault.ts";
import type { LoadLineReading, ModeSwitch } from "../../core/load-line/load-lines.ts";
import type { OpsPage, OpsRequest, OpsResponse } from "../../operation/ops-page.ts";
import { httpStatusOf } from "../../surface/http-status.ts";
import { wantsText } from "../ops/text.ts";
import { tableOf } from "./table.ts";

const path = "/loadlines";
/** A page in a browser on this machine could send a POST here; it cannot send a header of its own without being asked for leave. */
const header = "plimsoll-ops";

const help = {
  "GET /loadlines": "shows every limit of this process; as a table with ?format=text or in a browser",
  "GET /loadlines/{name}": "shows one limit; percent-encode its name",
  "POST /loadlines/{name}": 'changes its mode in this process, until it ends: {"mode": "enforce", "measure" or "off", "reason": "…"}',
} as const;

/** What the page lists and changes: the limits of a process, or of all processes of an app. */
export interface LineSource {
  list(): readonly LoadLineReading[] | Promise<readonly LoadLineReading[]>;
  setMode(name: string, mode: string, reason: string): Pick<ModeSwitch, "previous"> | Promise<Pick<ModeSwitch, "previous">>;
}

/** The page `/loadlines` of the ops port. A POST needs the header `plimsoll-ops: yes`. */
export function loadLinesPage(lines: LineSource): OpsPage {
  return {
    path,
    answer: async (request) => {
      try {
        return await answer(lines, request);
      } catch (error) {
        if (!(error instanceof Fault) || error.code === "internal") throw error;
        return { status: httpStatusOf(error), body: { error: error.message, type: error.type, help } };
      }
    },
  };
}

async function answer(lines: LineSource, request: OpsRequest): Promise<OpsResponse | undefined> {
  const [at = "", search = ""] = (request.url ?? path).split("?", 2);
  const name = nameIn(at);
  if (request.method === "GET" || request.method === "HEAD") {
    const listed = (await lines.list()).filter((line) => name === undefined || line.name === name);
    if (listed.length === 0 && name !== undefined) return undefined;
    if (wantsText(request, search)) return { status: 200, body: listed, text: tableOf(listed) };
    return { status: 200, body: name === undefined ? { limits: listed.map(shown), help } : listed.map(shown)[0] };
  }
  if (request.method !== "POST") return { status: 405, body: { error: "This page takes GET, HEAD and POST. Send one of them.", help } };
  if (request.headers[header] !== "yes")
    return { status: 403, body: { error: `A change needs the header "${header}: yes". Send it, too.`, help } };
  if (name === undefined) return undefined;
  const { mode, reason } = changeIn((await request.body?.()) ?? "");
  const { previous } = await lines.setMode(name, mode, reason);
  const line = (await lines.list()).find((one) => one.name === name);
  return { status: 200, body: { previous, ...(line && shown(line)) } };
}

function nameIn(at: string): string | undefined {
  const rest = at.slice(path.length + 1);
  if (rest === "") return undefined;
  try {
    return decodeURIComponent(rest);
  } catch {
    throw new Fault({
      code: "invalid_argument",
      type: "load_line_change_invalid",
      message: "The path is not percent-encoded UTF-8. Encode the name as encodeURIComponent does.",
    });
  }
}

function changeIn(body: string): { readonly mode: string; readonly reason: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = undefined;
  }
  if (typeof parsed !== "object" || parsed === null)
    throw new Fault({
      code: "invalid_argument",
      type: "load_line_change_invalid",
      message: 'The body is no JSON object. Send {"mode": "measure", "reason": "…"}.',
    });
  const { mode, reason } = parsed as { readonly mode?: unknown; readonly reason?: unknown };
  return { mode: typeof mode === "string" ? mode : "", reason: typeof reason === "string" ? reason : "" };
}

/** With `null` for what does not apply, so that every limit has every field. */
function shown({ since, phase, declared, shares, learnt, now, highWater, follows, fixed, ...reading }: LoadLineReading) {
  return {
    ...reading,
    since: new Date(since).toISOString(),
    phase: phase ?? null,
    declared: declared ?? null,
    shares: shares ?? null,
    learnt: learnt ?? null,
    now: now ?? null,
    highWater: highWater ?? null,
    follows: follows ?? null,
    fixed: fixed ?? null,
  };
}
