// A list as a CSV file that a browser stores. Run it with: node --conditions=source examples/callers/csv.ts
import { action, createApp, module } from "plimsoll";
import { http } from "plimsoll/http";
import { z } from "zod";

const Booking = z.object({ guest: z.string(), nights: z.int() });

/** A text that begins with one of these characters is a formula to a spreadsheet. */
const field = (text: string) => `"${text.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;

const exportBookings = action("bookings.export", {
  ...{ input: z.object({ month: z.string() }), output: z.object({ month: z.string(), items: z.array(Booking) }) },
  ...{ access: "public", idempotent: "natural", budget: "1s" },
  http: {
    route: "POST /v1/bookings/export",
    file: {
      type: "text/csv",
      name: ({ month }) => `bookings ${month}.csv`,
      text: ({ items }) => ["guest,nights", ...items.map(({ guest, nights }) => `${field(guest)},${nights}`), ""].join("\r\n"),
    },
  },
  run: async ({ month }) => ({
    month,
    items: [
      { guest: 'Ada "the first"', nights: 2 },
      { guest: "=1+1", nights: 1 },
    ],
  }),
});

export const app = createApp({ modules: [module("bookings", { operations: [exportBookings] })], surfaces: [http({ port: 0 })] });

if (import.meta.main) {
  await app.start();
  const sent = { method: "POST", headers: { "content-type": "application/json" }, body: '{"month":"May"}' };
  const response = await app.fetch(new Request("http://api/v1/bookings/export", sent));
  console.log(`${response.headers.get("content-type")}, ${response.headers.get("content-disposition")}`);
  for (const line of (await response.text()).trimEnd().split("\r\n")) console.log(line);
  await app.stop();
}
