import { rateLimit } from "plimsoll";
import { z } from "zod";
import { base, type Planted } from "./sample.ts";

/** What the sample is made of before anything is planted. */
export const { query: q, command: c, event: e } = base;
/** Changes the input of the query. */
export const input = (shape: z.ZodRawShape): Planted => ({ query: { input: q.input.extend(shape) } });
/** Changes the output of the query. */
export const output = (shape: z.ZodRawShape): Planted => ({ query: { output: q.output.extend(shape) } });
/** Changes an item in it. */
export const item = (shape: z.ZodRawShape): Planted => output({ items: z.array(q.output.shape.items.element.extend(shape)) });
/** Changes the input of the command. */
export const sent = (shape: z.ZodRawShape): Planted => ({ command: { input: c.input.extend(shape) } });
/** Changes the data of the event. */
export const data = (shape: z.ZodRawShape): Planted => ({ event: { data: e.data.extend(shape) } });
/** Changes the route of the command. */
export const route = (http: object): Planted => ({ command: { http: { ...c.http, ...http } } });
/** Changes the route of the query. */
export const asked = (http: object): Planted => ({ query: { http: { ...q.http, ...http } } });
/** A budget with this rate in a minute. */
export const rate = (limit: number) => ({ deadline: "1s", rate: rateLimit({ per: "actor", limit, period: "1m", name: "search" }) });
/** A deprecation until this day. */
export const deprecated = (removeAfter: string) => ({ since: "2026-01-01", removeAfter, use: "shop.buy" });
/** A schema without some of its fields. */
export const omit = (schema: typeof q.input, ...names: string[]) => schema.omit(Object.fromEntries(names.map((name) => [name, true])));

/** A planted change, and what is found. */
export interface Row {
  readonly name: string;
  readonly from?: Planted;
  readonly to: Planted;
  /** `rule where`, of each change. */
  readonly finds: readonly string[];
}
