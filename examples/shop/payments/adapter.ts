import { type Fault, type LoadLine, loadLines, module, type Resource, resource } from "plimsoll";
import { breaker, compose, decorrelated, retry, retryBudget } from "plimsoll/resilience";
import { type HttpClient, httpClient, type Refusal } from "plimsoll/upstream";
import { standardWebhooks, type WebhookMessage, webhook } from "plimsoll/webhooks";
import { z } from "zod";
import { settle } from "./contract.ts";
import type { OutsideEntry, OutsideKind } from "./domain.ts";
import { type Gateway, type Payment, PaymentDeclined, PaymentRefused, PaymentUnclear, type Statement } from "./gateway.ts";

// Between the shop and its payment provider: the words of the provider's API are in this file, and in no other of the shop.

/** Where the provider is, and the secret with which it signs what it sends. */
export interface ProviderAccess {
  readonly url: string;
  /** *Default*: none beside the public network. */
  readonly allow?: readonly string[];
  readonly secret: string;
  /** For one attempt. *Units*: milliseconds. *Default*: 2,000. */
  readonly timeoutMs?: number;
}

const kinds = { capture: "charge", reversal: "take-back", repayment: "refund" } as const satisfies Record<string, OutsideKind>;

const Line = z.object({
  seq_no: z.int(),
  line_type: z.enum(["capture", "reversal", "repayment"]),
  merchant_ref: z.string(),
  amount_minor: z.int().min(0),
  currency_code: z.string(),
  booked_at: z.iso.datetime(),
});
const Lines = z.object({ ledger_lines: z.array(Line), has_more: z.boolean() });
const Notice = z.object({ ledger_line: Line });

const referenceOf = ({ tenant, checkoutId }: Omit<Payment, "key">) => `${tenant}/${checkoutId}`;

/** What a line says, for the tenant that it is about. */
function entryOf({ line_type, merchant_ref, amount_minor, currency_code, booked_at }: z.infer<typeof Line>) {
  const slash = merchant_ref.lastIndexOf("/");
  const entry: OutsideEntry = {
    ...{ kind: kinds[line_type], checkoutId: merchant_ref.slice(slash + 1), at: booked_at },
    money: { cents: amount_minor, currency: currency_code },
  };
  return { tenant: slash < 0 ? undefined : merchant_ref.slice(0, slash), entry };
}

const noticed = ({ json }: WebhookMessage) => entryOf(Notice.parse(json).ledger_line);

type Client = HttpClient<"once" | "repeats">;

class ProviderGateway implements Gateway {
  readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  async charge(payment: Parameters<Gateway["charge"]>[0]): Promise<void> {
    await this.#book("/captures", payment, sumOf(payment));
  }

  async takeBack(payment: Payment): Promise<{ readonly cents: number }> {
    const { amount_minor: cents } = await this.#book("/reversals", payment, {});
    return { cents };
  }

  async refund(payment: Parameters<Gateway["refund"]>[0]): Promise<void> {
    await this.#book("/repayments", payment, sumOf(payment));
  }

  async statement({ tenant, after = 0 }: { readonly tenant: string; readonly after?: number }): Promise<Statement> {
    const query = { ref_prefix: `${tenant}/`, after_seq: after, page_size: 500 };
    const { body } = await this.client.request({ method: "GET", path: "/ledger_lines", query, output: Lines });
    const last = body.ledger_lines.at(-1);
    return {
      lines: body.ledger_lines.flatMap((line) => {
        const { tenant: of, entry } = entryOf(line);
        // Another tenant's name may begin like this one's, and a reversal of nothing moves nothing.
        return of === tenant && entry.money.cents > 0 ? [{ ...entry, line: line.seq_no }] : [];
      }),
      next: body.has_more ? last?.seq_no : undefined,
    };
  }

  /** Its limits, for those that list them. */
  get [loadLines](): readonly LoadLine[] {
    return this.client[loadLines];
  }

  async #book(path: string, payment: Payment, more: object): Promise<z.infer<typeof Line>> {
    const merchant_ref = referenceOf(payment);
    const request = { method: "POST", path, idempotencyKey: payment.key, body: { merchant_ref, ...more } } as const;
    try {
      const { body } = await this.client.request({ ...request, output: Line, refused });
      if (body.merchant_ref !== merchant_ref) throw new PaymentUnclear({});
      return body;
    } catch (error) {
      throw inOurWords(error);
    }
  }
}

const sumOf = ({ money }: Parameters<Gateway["charge"]>[0]) => ({ amount_minor: money.cents, currency_code: money.currency });

/**
 * What the provider says after it has looked for the key: nothing was booked with it, at this attempt or an earlier one. Its other refusals come before
 * that look, or mean that the key has booked something else.
 */
const certain = new Map<string, () => Fault>([
  ["card_declined", () => new PaymentDeclined({})],
  ["reversed_before", () => new PaymentRefused({})],
  ["nothing_left", () => new PaymentRefused({})],
]);
const Refused = z.object({ error_code: z.string() });

/** The status alone proves nothing: a proxy may have sent it, while the provider booked. */
function refused({ body }: Refusal): Fault | undefined {
  const parsed = Refused.safeParse(body);
  return parsed.success ? certain.get(parsed.data.error_code)?.() : undefined;
}

/** Codes after which a step is tried again with its key, and undone if it never succeeds. */
const triedAgain = new Set<string>(["aborted", "cancelled", "deadline_exceeded", "internal", "resource_exhausted", "unavailable"]);

/** Whatever does not say for certain that nothing was moved counts as a reply that did not come. */
function inOurWords(error: unknown): unknown {
  if (error instanceof PaymentDeclined || error instanceof PaymentRefused) return error;
  const { type, code = "internal" } = error as Partial<Fault>;
  // What is no fault is a bug, which is tried again too.
  return type === undefined || triedAgain.has(code) ? error : new PaymentUnclear({});
}

/** Makes the gateway to the provider: with a time for each attempt, retries within a budget, and a key for whatever moves money. */
export function providerGateway({ url, allow = [], timeoutMs = 2_000 }: ProviderAccess): Resource<Gateway> {
  const http = httpClient("payments.provider", {
    ...{ baseUrl: url, allow, timeout: timeoutMs, connections: 64, queue: 256, replyBytes: 262_144, propagate: false },
    policy: compose(
      retry({ attempts: 3, backoff: decorrelated("20ms", { max: "500ms" }), budget: retryBudget({ ratio: 0.2, reserve: 20 }) }),
      breaker({ consecutive: false }),
    ),
  });
  const { spec } = http;
  return resource<Gateway>("payments.gateway", {
    create: async (host) => new ProviderGateway((await spec?.create(host)) as Client),
    dispose: (made) => (made as ProviderGateway).client.close(),
    bind: (made, caller) => new ProviderGateway((made as ProviderGateway).client.boundTo(caller)),
  });
}

/** What the provider sends by itself, signed: a module of its own, since it needs the secret. */
export function providerNotices({ secret }: ProviderAccess) {
  const notices = webhook("payment-notices.take", {
    summary: "Take a signed notice of the payment provider",
    http: "POST /v1/payment-notices",
    scheme: standardWebhooks(),
    secrets: [secret],
    tenant: (message) => noticed(message).tenant,
    starts: settle,
    input: (message) => noticed(message).entry,
  });
  return module("payment-notices", { operations: [notices] });
}
