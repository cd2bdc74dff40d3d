import { command, event, module, projection, saga } from "plimsoll";
import { z } from "zod";

// Meters that are read all day, and sagas of one step, as an app has them for years.

export const meterRead = event("meters.read", {
  data: z.object({ meter: z.string(), value: z.int() }),
  key: ({ meter }) => meter,
});

export const readMeters = command("meters.read-all", {
  ...{ input: z.object({ from: z.int(), count: z.int() }), output: z.object({}), access: "public", budget: "30s" },
  ...{ idempotent: "natural", emits: [meterRead] },
  async run({ from, count }, { emit }) {
    for (let at = from; at < from + count; at++) emit(meterRead, { meter: `m${at % 1_000}`, value: at });
    return {};
  },
});

const totals = projection("meters.totals", {
  ...{ on: [meterRead], table: "meters.totals", key: "meter" },
  row: z.object({ meter: z.string(), readings: z.int() }),
  apply: (row, { data: { meter } }) => ({ meter, readings: (row?.readings ?? 0) + 1 }),
});

export const billMeter = saga("meters.bill", {
  input: z.object({ meter: z.string() }),
  budget: { deadline: "1h", concurrency: 64 },
  run: async ({ meter }, { step }) => await step("bill", async () => ({ meter, cents: 100 })),
});

export const meters = module("meters", {
  ...{ schema: "meters", migrations: new URL("./migrations/", import.meta.url) },
  ...{ operations: [readMeters, billMeter], events: [meterRead], projections: [totals] },
});
