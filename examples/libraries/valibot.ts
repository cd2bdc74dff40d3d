// A contract written with Valibot. Run it with: node --conditions=source examples/libraries/valibot.ts
import { toJsonSchema } from "@valibot/to-json-schema";
import { action, adaptSchema, createApp, module } from "plimsoll";
import { http } from "plimsoll/http";
import * as v from "valibot";

/** Valibot decides what is valid. Its documents leave out what JSON Schema has no word for, such as `trim`. */
const fromValibot = <S extends v.GenericSchema>(schema: S) =>
  adaptSchema<v.InferOutput<S>, v.InferInput<S>>(schema as never, {
    input: { ...toJsonSchema(schema, { typeMode: "input", errorMode: "ignore" }) },
    output: { ...toJsonSchema(schema, { typeMode: "output", errorMode: "ignore" }) },
  });

const Booking = v.object({
  email: v.pipe(v.string(), v.trim(), v.email(), v.maxLength(254)),
  seats: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(8)), 1),
  guests: v.optional(v.pipe(v.array(v.object({ name: v.pipe(v.string(), v.minLength(1), v.maxLength(100)) })), v.maxLength(8)), []),
});
const Booked = v.object({ email: v.string(), seats: v.number(), guests: v.number() });

export const book = action("desk.book", {
  input: fromValibot(Booking),
  output: fromValibot(Booked),
  access: "public",
  idempotent: "no",
  budget: "1s",
  http: "POST /v1/bookings",
  run: async ({ email, seats, guests }) => ({ email, seats, guests: guests.length }),
});

const app = createApp({ modules: [module("desk", { operations: [book] })], surfaces: [http({ port: false, documents: true })] });
await app.start();
const ask = async (body: unknown) => {
  const headers = { "content-type": "application/json" };
  const response = await app.fetch(new Request("http://desk/v1/bookings", { method: "POST", headers, body: JSON.stringify(body) }));
  const { problems, ...rest } = (await response.json()) as {
    readonly problems?: readonly { readonly pointer: string; readonly message: string }[];
  };
  if (problems === undefined) console.log(response.status, JSON.stringify(rest));
  for (const { pointer, message } of problems ?? []) console.log(response.status, pointer, message);
};
await ask({ email: " ann@example.com ", extra: true });
await ask({ email: "ann", seats: 0, guests: [{ name: "Ben" }, { name: "" }] });
const document = await (await app.fetch(new Request("http://desk/openapi.json"))).text();
console.log(/"seats":\{[^}]*minimum[^}]*\}/.exec(document)?.[0]);
await app.stop();
