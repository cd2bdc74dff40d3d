import { type Access, command, event, fault, type Module, module, query, rateLimit, role } from "plimsoll";
import { z } from "zod";
import { describeContracts } from "../../src/contracts/describe.ts";
import type { DescribedEvent, DescribedOperation } from "../../src/contracts/description.ts";
import { buildRegistry } from "../../src/pipeline/registry/registry.ts";

// biome-ignore lint/suspicious/noExplicitAny: a planted change may be any part of a contract, also one that types would refuse together.
type Loose = any;

/** A contract as it is before anything is planted: what the tables change is what differs from here. */
export const base = {
  query: {
    input: z.object({
      text: z.string().max(100).optional(),
      kind: z.enum(["book", "film"]).optional(),
      limit: z.int().min(1).max(100).default(20),
      ids: z.array(z.string()).max(50).optional(),
    }) as Loose,
    output: z.object({
      items: z.array(z.object({ id: z.uuid(), title: z.string(), state: z.enum(["open", "closed"]), price: z.number() })),
      next: z.string().nullable(),
      note: z.string().optional(),
    }) as Loose,
    access: role("customer", "clerk") as Access,
    budget: { deadline: "1s", rate: rateLimit({ per: "actor", limit: 10, period: "1m", name: "search" }) } as Loose,
    http: { route: "GET /v1/things", etag: () => 1, alternatives: [{ type: "text/csv", text: () => "" }] } as Loose,
  },
  command: {
    input: z.object({
      thingId: z.uuid(),
      quantity: z.int().min(1),
      size: z.union([z.string(), z.int()]),
      currency: z.string(),
      rest: z.object({ gift: z.boolean() }),
    }) as Loose,
    output: z.object({ orderId: z.uuid(), total: z.int() }) as Loose,
    faults: {
      out_of_stock: { code: "failed_precondition", details: z.object({ left: z.int(), since: z.string() }), message: "Too few." },
      closed: { code: "failed_precondition", message: "Closed." },
    } as Record<string, Loose>,
    access: role("customer") as Access,
    budget: { deadline: "2s" } as Loose,
    idempotent: "key" as Loose,
    http: {
      ...{ route: "POST /v1/things/{thingId}/orders", status: 201, location: () => "/", headers: { currency: "Accept-Currency" } },
      responseHeaders: { total: "X-Total" },
    } as Loose,
    deprecated: undefined as Loose,
  },
  event: {
    version: 1,
    data: z.object({ orderId: z.uuid(), state: z.enum(["paid"]), total: z.int() }) as Loose,
    key: ({ orderId }: Loose) => orderId,
    upcast: undefined as Loose,
  },
};

/** What a planted change may replace. `undefined` removes it. */
export interface Planted {
  readonly query?: Partial<typeof base.query>;
  readonly command?: Partial<typeof base.command>;
  readonly event?: Partial<typeof base.event> | "gone";
  /** Operations that are not there any more, or have another name. */
  readonly names?: { readonly query?: string; readonly command?: string | "gone" };
  readonly grpc?: Loose;
}

export const numbers = { "shop.Order": { numbers: { id: 1, total: 2 }, reserved: [3] } };

/** Describes the sample with a planted change. */
export function describeSample({ query: q, command: c, event: e, names = {}, grpc = numbers }: Planted = {}) {
  const run = async () => ({}) as never;
  const { faults, ...order } = { ...base.command, ...c };
  const declared = Object.entries(faults).map(([type, spec]) => fault(type, spec as Loose));
  const operations: Loose[] = [query(names.query ?? "shop.search", { ...base.query, ...q, run } as Loose)];
  if (names.command !== "gone") operations.push(command(names.command ?? "shop.order", { ...order, faults: declared, run } as Loose));
  const events = e === "gone" ? [] : [event("shop.ordered", { ...base.event, ...e } as Loose)];
  const sample: Module = module("shop", { operations, events } as Loose);
  return { ...describeContracts(buildRegistry([sample])), grpc } as ReturnType<typeof describeContracts> & {
    readonly rest: Readonly<Record<string, DescribedOperation>>;
    readonly events: Readonly<Record<string, DescribedEvent>>;
  };
}
