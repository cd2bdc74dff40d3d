/**
 * What checking, writing and parsing one body costs: the compiled schema against Zod, `JSON.stringify` and `JSON.parse`.
 * Run: node --conditions=source bench/micro-schema.ts
 */
import { z } from "zod";
import { parseJson } from "../src/core/json.ts";
import type { Schema } from "../src/core/schema/standard.ts";
import { compileSchema } from "../src/core/schema.ts";

const Order = z.object({
  id: z.uuid(),
  customer: z.object({ name: z.string().min(1).max(100), email: z.email() }),
  note: z.string().max(200).optional(),
  express: z.boolean().default(false),
  lines: z
    .array(z.object({ sku: z.string().regex(/^[A-Z0-9-]{3,20}$/), quantity: z.int().min(1).max(1000), kind: z.enum(["a", "b"]) }))
    .min(1)
    .max(100),
});
const order = {
  id: "3f0e2a52-4a3b-4a41-9d52-7a5b7bbd5f10",
  customer: { name: "Ada Lovelace", email: "ada@example.com" },
  note: "leave at the door",
  express: true,
  lines: [
    { sku: "AB-123", quantity: 2, kind: "a" },
    { sku: "CD-456", quantity: 12, kind: "b" },
  ],
};

// Several that differ, so that nothing is computed once for all.
const texts = Array.from({ length: 64 }, (_, index) => JSON.stringify(order).replaceAll("3f0e", (0x1000 + index).toString(16)));
const values = texts.map((text) => JSON.parse(text) as unknown);
const bodies = texts.map((text) => Buffer.from(text));
const compiled = compileSchema(Order as unknown as Schema, "bench");
const byZod = z.compile(Order);
const socket = Buffer.alloc(4_096);
const send = (text: unknown): number => socket.write(text as string, 0, "latin1");

const subjects: Readonly<Record<string, (index: number) => unknown>> = {
  "zod safeParse": (index) => Order.safeParse(values[index]),
  "zod compiled safeParse": (index) => byZod.safeParse(values[index]),
  "compiled parse": (index) => compiled.parse(values[index]),
  "JSON.stringify": (index) => JSON.stringify(values[index]),
  "compiled stringify, which checks": (index) => compiled.stringify(values[index]),
  "JSON.stringify, sent": (index) => send(JSON.stringify(values[index])),
  "zod compiled + JSON.stringify, sent": (index) => send(JSON.stringify(byZod.safeParse(values[index]).data)),
  "compiled stringify, which checks, sent": (index) => send(compiled.stringify(values[index])),
  "toString + JSON.parse": (index) => JSON.parse(bodies[index]!.toString()),
  parseJson: (index) => parseJson(bodies[index]!),
};

const rounds = 31;
const calls = 20_000;
const times = new Map<string, number[]>();
let sink: unknown;
for (let round = 0; round <= rounds; round++) {
  for (const [name, subject] of Object.entries(subjects)) {
    const start = process.hrtime.bigint();
    for (let call = 0; call < calls; call++) sink = subject(call & 63);
    const ns = Number(process.hrtime.bigint() - start) / calls;
    // The first round warms up.
    if (round > 0) times.set(name, [...(times.get(name) ?? []), ns]);
  }
}
console.log(`${bodies[0]!.length} bytes, ${rounds} interleaved rounds of ${calls}, node ${process.version}, ${typeof sink}`);
for (const [name, list] of times) {
  const sorted = list.toSorted((a, b) => a - b);
  console.log(
    `${name.padEnd(40)} median ${sorted[rounds >> 1]!.toFixed(0).padStart(5)} ns   quartile ${sorted[rounds >> 2]!.toFixed(0).padStart(5)} ns`,
  );
}
