import assert from "node:assert";
import { createHash } from "node:crypto";
import { toMs } from "../core/duration.ts";
import { canonicalJson } from "../core/json.ts";
import { limits } from "../core/limits.ts";
import type { AnySchema } from "../core/schema/standard.ts";
import { type ProvenTenant, provenTenant } from "../operation/authentication/proven-tenant.ts";
import type { Budget, WriteRoute } from "../operation/contract.ts";
import type { DomainEvent } from "../operation/events/event.ts";
import { command } from "../operation/online/command.ts";
import type { WriteScope } from "../operation/scope.ts";
import { WebhookIdReused, type webhookFaults } from "./faults.ts";
import { keyOf, problemsOf, read, unreadable, type Verification, verified } from "./message.ts";
import type { WebhookEventSpec } from "./webhook.ts";

/** A webhook whose messages become events, with what all webhooks declare. */
export interface EmittingSpec {
  readonly spec: WebhookEventSpec<DomainEvent>;
  readonly declared: {
    readonly summary: string;
    readonly access: "public";
    readonly idempotent: "natural";
    readonly budget: Budget;
    readonly input: AnySchema;
    readonly output: AnySchema;
    readonly faults: typeof webhookFaults;
    readonly http: { readonly route: WriteRoute; readonly status: 202; readonly body: "raw" };
    readonly [provenTenant]: ProvenTenant;
  };
  readonly verification: Verification;
}

const leastRememberMs = 60_000;
const mostRememberMs = 7_776_000_000;

/** Makes the command of a webhook whose messages become events. The id of the message and the event are written in its transaction: both, or neither. */
export function emittingWebhook(name: string, { spec, declared, verification }: EmittingSpec) {
  const { event, remember } = spec;
  const rememberMs = remember === undefined ? limits.webhookRememberMs : toMs(remember);
  assert(
    rememberMs >= leastRememberMs && rememberMs <= mostRememberMs,
    `webhook("${name}"): remember is ${rememberMs} ms. Write 1m to 90d.`,
  );
  return command(name, {
    ...declared,
    emits: [event],
    async run(input: unknown, { sql, emit, now, tenant }: WriteScope<never, DomainEvent>) {
      const message = verified(verification, input, now());
      const data = read(() => spec.data(message));
      assertAllowed(event, data);
      const key = keyOf(name, spec.dedupe?.(message) ?? message.id);
      const hash = createHash("sha256")
        .update(canonicalJson(tenant === undefined ? data : [tenant, data]))
        .digest("hex");
      const { state } = await sql<{ state: "new" | "known" | "other" }>`
        select plimsoll.take_webhook_message(${key}, ${hash}, ${rememberMs}) as state`.one();
      if (state === "other") throw new WebhookIdReused({});
      if (state === "new") emit(event, data as never);
      return { id: message.id, isDuplicate: state === "known" };
    },
  } as never);
}

/** What the schema of the event refuses is the sender's matter. */
function assertAllowed({ data: schema }: DomainEvent, data: unknown): void {
  const found = (schema as unknown as { readonly "~standard": { validate(value: unknown): unknown } })["~standard"].validate(data);
  const problem = problemsOf(found);
  if (problem !== undefined) throw unreadable(problem);
}
