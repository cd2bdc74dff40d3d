// A contract written with ArkType. Run it with: node --conditions=source examples/libraries/arktype.ts
import { type } from "arktype";
import { action, createApp, module } from "plimsoll";
import { http } from "plimsoll/http";

/** ArkType has the JSON Schema of both sides itself, so its types are taken as they are. */
const Booking = type({
  email: "string.trim |> string.email <= 254",
  seats: "1 <= number.integer <= 8 = 1",
  guests: type({ name: "1 <= string <= 100" })
    .array()
    .atMostLength(8)
    .default(() => []),
});
const Booked = type({ email: "string", seats: "number", guests: "number" });

export const book = action("desk.book", {
  input: Booking,
  output: Booked,
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
