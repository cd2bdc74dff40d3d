// What the platform ends a request with, and what the document says it ends with, are one list: a fault of the source that is in neither place is found here.
import assert from "node:assert/strict";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import * as faults from "../../src/surface/openapi-faults.ts";
import { thrownFaults } from "../docs/reference.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What no caller of an operation gets as it is: why. */
const apart: Readonly<Record<string, string>> = {
  sealed_text_erased: "of handlers that open a value of the vault",
  vault_value_large: "of handlers that seal a value",
  vault_key_taken: "the command runs again",
  webhook_url_refused: "of commands that register endpoints",
  webhook_endpoints_full: "of commands that register endpoints",
  webhook_not_delivered: "a task ends with it",
  events_dropped: "of the ops port and of app.events",
  replay_invalid: "of the ops port and of app.events",
  cloud_event_invalid: "of what reads or writes CloudEvents",
  route_not_found: "no operation was matched",
  method_not_allowed: "no operation was matched",
  http_version_unknown: "no operation was matched",
  client_disconnected: "there is no client to respond to",
  stream_unread: "there is no client that reads a response",
  stream_idle: "the response has begun: it is the last event of a stream",
  stream_longest: "the response has begun, and its client reconnects",
  origin_not_allowed: "no operation was matched: it is the reply to a preflight",
  webhook_signature_wrong: "webhooks declare it, and so the document has it with each",
  webhook_stale: "the same",
  webhook_unreadable: "the same",
  webhook_id_reused: "the same",
};
/** Thrown before any call, or to code in the process. */
const inside = new Set([
  "task_snoozed",
  "task_expired",
  "task_context_unreadable",
  "cron_invalid",
  "schedule_invalid",
  "schedule_unknown",
  "never_idle",
  // To an operator who changes the mode of a limit.
  "load_line_unknown",
  "load_line_change_invalid",
  "mode_unknown",
  "reason_missing",
  // Of policies round a call: the reasons of work that is cancelled, and what the handler that makes the call is refused with.
  "hedge_lost",
  "sibling_failed",
  "flight_left",
  // To an operator at the ops port.
  "subscription_unknown",
  "saga_unknown",
  "projection_unknown",
  "saga_ended",
  // To a saga, which its next run continues.
  "saga_step_recorded",
  "saga_signals_full",
  "reason_invalid",
  "load_line_unknown",
  "load_line_change_invalid",
  "mode_unknown",
  "reason_missing",
]);
/** Answered as what their code says, without a type that callers tell apart; nearly all of `failed_precondition` keep an app from starting. */
const untyped = new Set(["failed_precondition", "internal", "unavailable", "deadline_exceeded"]);

it("a fault that the platform throws stands in the table of the document", () => {
  assert.ok("platformFaults" in faults, "the document has no table that others can read");
  const rows = faults.platformFaults as readonly { readonly code: string; readonly types?: readonly string[] }[];
  const documented = new Map(rows.flatMap(({ code, types = [] }) => types.map((type) => [type, code] as const)));
  const missing: string[] = [];
  for (const [type, code] of thrownFaults(root)) {
    if (type in apart || inside.has(type)) continue;
    if (documented.has(type)) {
      if (code !== undefined) assert.equal(documented.get(type), code, `the code of ${type}`);
    } else if (code !== undefined && !untyped.has(code)) missing.push(`${type} (${code})`);
  }
  assert.deepEqual(missing, [], "say in src/surface/openapi-faults.ts which operations end with it");
});
