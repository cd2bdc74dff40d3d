import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { secret } from "../../core/schema.ts";
import { cloudEventOf } from "../../messaging/cloud-events/envelope.ts";
import { cloudEventToJson } from "../../messaging/cloud-events/json.ts";
import { rule } from "../../operation/access.ts";
import { schedule } from "../../operation/durable/schedule.ts";
import { discard, type RetrySpec, task } from "../../operation/durable/task.ts";
import { type DomainEvent, event } from "../../operation/events/event.ts";
import { subscription } from "../../operation/events/subscription.ts";
import { command } from "../../operation/online/command.ts";
import { query } from "../../operation/online/query.ts";
import type { Resource } from "../../operation/resource.ts";
import { openPayload, openSecrets, sealPayload } from "./endpoints.ts";
import { signedHeaders } from "./signing.ts";

/** What sends messages: `httpOrigins` of `plimsoll/upstream`, which connects to no private address. */
export interface WebhookSender {
  /** Posts JSON, and returns the status of success. Rejects for any other, with `details.status` if there was a response. */
  post(message: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
    readonly contentType: "application/json" | "application/cloudevents+json";
  }): Promise<number>;
}

/** How messages are delivered, everything filled in. */
export interface DeliverySpec {
  readonly name: string;
  readonly events: readonly [DomainEvent, ...DomainEvent[]];
  readonly sender: Resource<WebhookSender>;
  readonly retry: Required<RetrySpec>;
  readonly lastingMs: number;
  readonly queue: string;
  /** The source of CloudEvents; undefined where messages are of the form of Standard Webhooks. */
  readonly source: ((event: string) => string) | undefined;
}

const Disabled = z.object({ endpoint: z.uuid(), url: z.string(), reason: z.string() });
const Id = z.object({ delivery: z.uuid() });
const problemChars = 300;
const system = rule("the system", ({ kind }) => kind === "system");
const internal = { access: system, budget: "10s" } as const;

/** The operations that deliver, for the module of the webhooks. */
export function deliveryOperations(spec: DeliverySpec) {
  const endpointDisabled = disabledEvent(spec.name);
  const message = messageQuery(spec);
  const ended = attemptEnded(spec, endpointDisabled);
  const deliver = deliverTask(spec, { message, ended });
  const send = sendCommand(spec, deliver);
  const [expire, expiry] = expiryOf(spec);
  const expiring = schedule(`${spec.name}.expiry`, {
    summary: "Deletes deliveries that are kept no longer",
    cron: "@hourly",
    task: expiry,
    input: {},
  });
  return {
    endpointDisabled,
    deliver,
    operations: [message, ended, deliver, send, fanOutOf(spec, send), expire, expiry],
    schedules: [expiring],
  };
}

/** What is emitted when an endpoint was switched off. */
export type EndpointDisabled = ReturnType<typeof disabledEvent>;

function disabledEvent(name: string) {
  return event(`${name}.endpoint-disabled`, {
    ...{ summary: "An endpoint of webhooks was switched off", data: Disabled, key: ({ endpoint }: z.infer<typeof Disabled>) => endpoint },
  });
}

function messageQuery({ name }: DeliverySpec) {
  return query(`${name}.message`, {
    ...{ ...internal, input: Id, summary: "Reads a message that is to be sent" },
    output: z.object({
      message: secret(
        z.object({ id: z.uuid(), url: z.string(), secrets: z.array(z.string()), payload: z.string(), attempts: z.int() }),
      ).nullable(),
    }),
    async run({ delivery }, scope) {
      const row = await scope.sql<MessageRow>`select * from plimsoll.open_webhook_attempt(${delivery})`.maybe();
      if (row === undefined) return { message: null };
      const secrets = await openSecrets(scope, row.endpoint, row.secrets);
      const payload = await openPayload(scope, row.event, row.payload);
      return { message: { id: row.event, url: row.url, secrets: [...secrets], payload, attempts: row.attempts } };
    },
  });
}

function attemptEnded({ name, lastingMs }: DeliverySpec, endpointDisabled: EndpointDisabled) {
  return command(`${name}.attempt-ended`, {
    ...{ ...internal, idempotent: "no", emits: [endpointDisabled], summary: "Records an attempt to send a message" },
    input: Id.extend({
      attempts: z.int(),
      state: z.enum(["pending", "delivered", "failed"]),
      status: z.int().nullable(),
      problem: z.string().nullable(),
      isGone: z.boolean(),
    }),
    output: z.object({ isDisabled: z.boolean() }),
    async run({ delivery, attempts, state, status, problem, isGone }, { sql, emit }) {
      const row = await sql<{ endpoint: string; url: string }>`
        select endpoint, url from plimsoll.close_webhook_attempt(
          ${delivery}, ${attempts}, ${state}, ${status}, ${problem}, ${lastingMs}, ${isGone})`.maybe();
      if (row !== undefined) emit(endpointDisabled, { endpoint: row.endpoint, url: row.url, reason: problem ?? "" });
      return { isDisabled: row !== undefined };
    },
  });
}

/** The task that sends one message to one endpoint. */
export type DeliverTask = ReturnType<typeof deliverTask>;

function deliverTask(
  { name, queue, sender, retry }: DeliverySpec,
  { message, ended }: { readonly message: ReturnType<typeof messageQuery>; readonly ended: ReturnType<typeof attemptEnded> },
) {
  return task(`${name}.deliver`, {
    ...{ input: Id, queue, budget: { deadline: limits.webhookSendMs * 2 }, retry, ttl: "30d", uses: { sender } },
    summary: "Sends a message to an endpoint",
    async run({ delivery }, { call, commit, sender: send, attempt, now }) {
      const found = (await call(message, { delivery })).message;
      // Its endpoint was switched off meanwhile, or is gone: what stayed pending without a task could not be replayed either.
      if (found === null) return void (await commit(({ sql }) => sql`select plimsoll.skip_webhook_delivery(${delivery})`.one()));
      const { id, url, secrets, payload, attempts } = found;
      const headers = signedHeaders({ id, at: now().getTime(), body: payload }, secrets);
      const body = JSON.parse(payload);
      // By the message itself, which may have been made before the option was changed.
      const contentType = "specversion" in body ? "application/cloudevents+json" : "application/json";
      const failure = await send.post({ url, headers, body, contentType }).then(
        (status) => ({ status, problem: undefined }),
        (error: unknown) => ({ status: statusOf(error), problem: problemOf(error) }),
      );
      const { status, problem } = failure;
      if (problem === undefined)
        return void (await commit(({ call: record }) =>
          record(ended, { delivery, attempts, state: "delivered", status, problem: null, isGone: false }),
        ));
      const state = attempt >= retry.attempts ? "failed" : "pending";
      // 410: the receiver says that it wants no more.
      const { isDisabled } = await call(ended, { delivery, attempts, state, status, problem, isGone: status === 410 });
      if (isDisabled) throw discard(`The endpoint is switched off: ${problem}`);
      throw new Fault({ code: "unavailable", type: "webhook_not_delivered", message: problem });
    },
  });
}

function sendCommand({ name }: DeliverySpec, deliver: DeliverTask) {
  return command(`${name}.send`, {
    ...{ ...internal, idempotent: "natural", summary: "Makes the deliveries of an event" },
    input: z.object({ event: z.uuid(), type: z.string(), recordedAt: z.string(), payload: secret(z.string()) }),
    output: z.object({ deliveries: z.int() }),
    async run({ event: id, type, recordedAt, payload }, scope) {
      const sealed = await sealPayload(scope, id, payload);
      const rows = await scope.sql<{ id: string }>`
        select id from plimsoll.add_webhook_deliveries(${id}, ${type}, ${recordedAt}::timestamptz, ${sealed})`.many();
      for (const { id: delivery } of rows) await scope.start(deliver, { delivery });
      return { deliveries: rows.length };
    },
  });
}

/** By the clock: what a person is in is deleted in time also where nothing is sent any more. */
function expiryOf({ name, queue }: DeliverySpec) {
  const expire = command(`${name}.expire`, {
    ...{ ...internal, idempotent: "natural", input: z.object({}), summary: "Deletes a turn of deliveries that are kept no longer" },
    output: z.object({ deleted: z.int() }),
    run: (_, { sql }) =>
      sql<{ deleted: number }>`select plimsoll.expire_webhook_deliveries(${limits.webhookKeepMs}, ${limits.webhookTurn}) as deleted`.one(),
  });
  const expiry = task(`${name}.expiry`, {
    ...{ input: z.object({}), queue, budget: "5m", summary: "Deletes deliveries that are kept no longer" },
    async run(_, { call }) {
      while ((await call(expire, {})).deleted === limits.webhookTurn);
    },
  });
  return [expire, expiry] as const;
}

function fanOutOf({ name, events, source }: DeliverySpec, send: ReturnType<typeof sendCommand>) {
  return subscription(`${name}.fan-out`, {
    ...{ on: events, order: "none", budget: "20s", summary: "Makes a message of an event for each endpoint of its tenant" },
    async run(data, { event: one, commit }) {
      const { id, name: type, recordedAt } = one;
      const payload = JSON.stringify(
        source === undefined
          ? { type, timestamp: recordedAt.toISOString(), data }
          : cloudEventToJson(cloudEventOf(one, data, source(type))),
      );
      await commit(async ({ call }) => call(send, { event: id, type, recordedAt: recordedAt.toISOString(), payload }));
    },
  });
}

interface MessageRow {
  readonly event: string;
  readonly url: string;
  readonly secrets: string;
  readonly payload: string;
  readonly endpoint: string;
  readonly attempts: number;
}

function statusOf(error: unknown): number | null {
  const status = error instanceof Fault ? (error.details as { readonly status?: unknown } | undefined)?.status : undefined;
  return typeof status === "number" ? status : null;
}

/** What the tenant may know: the fault of the sender has nothing of the response but its status. */
function problemOf(error: unknown): string {
  return (error instanceof Fault ? error.message : "The message could not be sent.").slice(0, problemChars);
}
