// What the platform ends a request with, and what the document says it ends with, are one list: a fault of the source that is in neither place is found here.
import assert from "node:assert/strict";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import * as faults from "../../src/surface/openapi-faults.ts";
import { thrownFaults } from "../docs/reference.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What no caller of an operation gets as it is: why. */
const apart: Readonly<Record<string, string>> = {
  compared_app_not_ready: "of the command",
  compared_calls_failed: "of the command",
  deployment_invalid: "of the command",
  deployment_record_invalid: "of the command",
  manifest_invalid: "of the command",
  ops_port_silent: "of the command",
  scenario_invalid: "of the command",
  scenario_missing: "of the command",
  sealed_text_erased: "of handlers that open a value of the vault",
  vault_value_large: "of handlers that seal a value",
  vault_key_taken: "the command runs again",
  webhook_url_refused: "of commands that register endpoints",
  webhook_endpoints_full: "of commands that register endpoints",
  durable_stream_ended: "of operations that write to durable streams",
  durable_stream_dropped: "of streams that follow a durable stream",
  webhook_not_delivered: "a task ends with it",
  events_dropped: "of the ops port and of app.events",
  replay_invalid: "of the ops port and of app.events",
  message_refused: "of relays, whose key stops",
  inbox_moved: "of what receives from brokers",
  cloud_event_invalid: "of what reads or writes CloudEvents",
  method_unknown: "of gRPC",
  malformed_message: "of gRPC",
  message_compressed: "of gRPC",
  message_count: "of gRPC",
  internal_token_missing: "of ports for services, which no document describes",
  internal_token_invalid: "the same",
  internal_token_expired: "the same",
  internal_token_for_other: "the same",
  route_not_found: "no operation was matched",
  method_not_allowed: "no operation was matched",
  http_version_unknown: "no operation was matched",
  protocol_unknown: "no operation was matched",
  client_disconnected: "there is no client to respond to",
  stream_unread: "there is no client that reads a response",
  stream_idle: "the response has begun: it is the last event of a stream",
  stream_longest: "the response has begun, and its client reconnects",
  origin_not_allowed: "no operation was matched: it is the reply to a preflight",
  webhook_signature_wrong: "webhooks declare it, and so the document has it with each",
  webhook_stale: "the same",
  client_route_unknown: "of the client, which sent nothing",
  client_file_received: "of the client, which got a file",
  reply_malformed: "of the client, which got another reply",
  network_failed: "of the client, which got no reply",
  webhook_unreadable: "the same",
  webhook_tenant_unknown: "the same",
  webhook_id_reused: "the same",
  graphql_request_invalid: "errors of GraphQL, which are not responses of an operation",
  graphql_invalid: "the same",
  graphql_limit: "the same",
  graphql_method_not_allowed: "the same",
  graphql_document_unknown: "the same",
  graphql_subscription_unsent: "the same",
  graphql_message_invalid: "a WebSocket is closed by it",
  mcp_request_invalid: "errors of JSON-RPC, which are not responses of an operation",
  mcp_params_invalid: "the same",
  mcp_method_unknown: "the same",
  mcp_tool_unknown: "the same",
  mcp_resource_unknown: "the same",
  mcp_header_mismatch: "the same",
  mcp_version_unsupported: "the same",
  mcp_capability_missing: "the same",
  mcp_confirmation_needed: "the same",
  mcp_confirmation_declined: "the same",
  mcp_input_needed: "the same",
  mcp_input_declined: "the same",
  mcp_input_long: "the same",
  mcp_result_too_large: "the same",
  mcp_prompt_unknown: "the same",
  mcp_task_unknown: "the same",
  mcp_response_unasked: "the same",
  mcp_questions_exhausted: "the same",
  mcp_subscriptions_exhausted: "the same",
  mcp_session_unknown: "the same",
  mcp_origin_refused: "the same",
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
  // To the process that keeps a search index.
  "search_index_missing",
  "search_document_refused",
  "saga_ended",
  "saga_signal_invalid",
  "saga_signal_too_large",
  "saga_signal_undeclared",
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
