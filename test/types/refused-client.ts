// What the compiler must refuse of a client, as refused.ts says; and what it works out of contracts alone.
import { action, clientRoutes, command, fault, query, role, task } from "plimsoll";
import { CallFault, client } from "plimsoll/client";
import { z } from "zod";

const OutOfStock = fault("out_of_stock", { code: "failed_precondition", details: z.object({ left: z.int() }), message: "Too few." });
const Closed = fault("closed", { code: "failed_precondition", details: z.object({ since: z.string() }), message: "Closed." });
const access = role("customer");
const shared = { access, budget: "1s" } as const;
const Search = z.object({ text: z.string(), limit: z.int().default(20) });
const orders = {
  OutOfStock,
  Search,
  tag: (id: string) => `order:${id}`,
  most: 20,
  place: command("orders.place", {
    ...{ input: Search, output: z.object({ orderId: z.uuid() }), faults: [OutOfStock, Closed], ...shared },
    ...{ idempotent: "key", http: "POST /v1/orders" },
  }),
  watch: query("orders.watch", {
    input: z.object({ orderId: z.string() }),
    stream: z.object({ state: z.string() }),
    ...shared,
    http: "GET /v1/o",
  }),
  talk: action("orders.talk", {
    ...{ input: z.object({}), stream: Search, receives: Search, access, budget: "1s", idempotent: "no", http: "GET /v1/talk" },
  }),
  work: task("orders.work", { input: Search, budget: "1s" }),
};
const contracts = { orders };
const api = client<typeof contracts>({ url: "https://shop.test" });

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const exactly = <T>() => ({ is: <V>(_value: V & (Equal<V, T> extends true ? unknown : never)) => {} });

export const inferred = async () => {
  exactly<{ orderId: string }>().is(await api.orders.place({ text: "" }));
  exactly<{ orderId: string }>().is(await api.orders.place({ text: "", limit: 3 }, { key: "k", deadlineMs: 100 }));
  for await (const item of api.orders.watch({ orderId: "" })) exactly<{ state: string }>().is(item);
  const placed = await api.orders.place({ text: "" }).outcome();
  if (placed.ok) return exactly<{ orderId: string }>().is(placed.output);
  const { fault } = placed;
  if (fault.type === "out_of_stock") exactly<{ left: number }>().is(fault.details);
  if (fault.type === "closed") exactly<{ since: string }>().is(fault.details);
  if (fault.type === "invalid_input") exactly<unknown>().is(fault.details);
  // The routes say which contracts they are of.
  const typed = client({ url: "https://shop.test", routes: clientRoutes(contracts) });
  return exactly<{ orderId: string }>().is(await typed.orders.place({ text: "" }));
};

export const refusedClients = {
  inputs: async () => {
    // @ts-expect-error a field that is needed | Property 'text' is missing
    await api.orders.place({ limit: 3 });
    // @ts-expect-error a field of another type | Type 'number' is not assignable to type 'string'
    await api.orders.place({ text: 3 });
    // @ts-expect-error a field that the input does not have | 'txt' does not exist
    await api.orders.place({ text: "", txt: "" });
    // @ts-expect-error no input at all | Expected 1-2 arguments
    await api.orders.place();
    // @ts-expect-error options that there are not | 'retries' does not exist in type 'CallOptions'
    await api.orders.place({ text: "" }, { retries: 3 });
    // @ts-expect-error a deadline is milliseconds | Type 'string' is not assignable to type 'number'
    await api.orders.place({ text: "" }, { deadlineMs: "1s" });
  },
  outputs: async () => {
    const placed = await api.orders.place({ text: "" });
    // @ts-expect-error a field that the output does not have | Property 'id' does not exist
    placed.id;
    // @ts-expect-error what returns an output is no stream | must have a '[Symbol.asyncIterator]()' method
    for await (const _ of api.orders.place({ text: "" }));
    // @ts-expect-error and what streams has no outcome | Property 'outcome' does not exist
    await api.orders.watch({ orderId: "" }).outcome();
    const outcome = await api.orders.place({ text: "" }).outcome();
    // @ts-expect-error the output is there only where the call succeeded | Property 'output' does not exist
    outcome.output;
    if (outcome.ok) return;
    // @ts-expect-error a fault that neither the operation nor the platform has | This comparison appears to be unintentional
    if (outcome.fault.type === "no_such_fault") return;
    // @ts-expect-error details before it is known which fault it is | 'outcome.fault.details' is of type 'unknown'
    outcome.fault.details.left;
    // @ts-expect-error details of another fault | Property 'left' does not exist
    if (outcome.fault.type === "closed") outcome.fault.details.left;
  },
  members: () => {
    // @ts-expect-error an operation that there is not | Property 'plaice' does not exist
    api.orders.plaice;
    // @ts-expect-error a module that there is not | Property 'payments' does not exist
    api.payments;
    // @ts-expect-error what contracts export beside operations: a fault | Property 'OutOfStock' does not exist
    api.orders.OutOfStock;
    // @ts-expect-error a schema | Property 'Search' does not exist
    api.orders.Search;
    // @ts-expect-error a function | Property 'tag' does not exist
    api.orders.tag;
    // @ts-expect-error a number | Property 'most' does not exist
    api.orders.most;
    // @ts-expect-error durable work, which no caller waits for | Property 'work' does not exist
    api.orders.work;
    // @ts-expect-error a WebSocket, which is not a reply | Property 'talk' does not exist
    api.orders.talk;
    // @ts-expect-error a client without an address | Property 'url' is missing
    client<typeof contracts>({});
    // @ts-expect-error the routes of other contracts | is not assignable
    client<typeof contracts>({ url: "", routes: clientRoutes({ payments: orders }) });
    // @ts-expect-error a fault is not made without its message | Property 'message' is missing
    new CallFault({ code: "internal", type: "internal" });
  },
};
