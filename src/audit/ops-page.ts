import { type OpsPage, type OpsRequest, type OpsResponse, opsFound, readOpsRequest } from "../operation/ops-page.ts";
import type { AuditTrail } from "./audit.ts";

const shown = 50;

const help = {
  "GET /audit?tenant=&subject=&operation=&actor=": "shows the last records of a tenant; those without one where none is given",
  "POST /audit/verify?tenant=": "verifies the trail of a tenant, or of all",
  "POST /audit/chain": "chains what is committed, and shows the ends of the chains: keep them elsewhere",
} as const;

/** The page `/audit` of the ops port. A POST needs the header `plimsoll-ops: yes`. */
export function auditPage(audit: AuditTrail): OpsPage {
  return { path: "/audit", answer: (request) => answer(audit, request) };
}

async function answer(audit: AuditTrail, request: OpsRequest): Promise<OpsResponse | undefined> {
  const asked = readOpsRequest(request, help);
  if ("status" in asked) return asked;
  const { query, changes, parts } = asked;
  const [action, ...rest] = parts;
  const given = (name: string) => {
    const value = query.get(name);
    return value === null || value === "" ? {} : { [name]: value };
  };
  if (!changes) {
    if (action !== undefined && action !== "") return undefined;
    const filter = { ...given("tenant"), ...given("subject"), ...given("operation"), ...given("actor") };
    return opsFound({ records: await audit.records({ ...filter, limit: shown }), help });
  }
  if (rest.length > 0) return undefined;
  if (action === "verify") return opsFound(await audit.verify(given("tenant")));
  if (action === "chain") return opsFound({ heads: await audit.chainNow() });
  return undefined;
}
