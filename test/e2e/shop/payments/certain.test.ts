import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { providerGateway } from "../../../../examples/shop/payments/adapter.ts";
import type { Gateway } from "../../../../examples/shop/payments/gateway.ts";
import { systemClock } from "../../../../src/core/clock.ts";
import { codes } from "../../../../src/core/code.ts";
import type { Fault } from "../../../../src/core/fault.ts";
import { Metrics } from "../../../../src/core/metrics.ts";

/** What one reply to all attempts makes of a charge; `nothing`: it is certain that none is booked with this key, and so nothing is undone. */
async function charged(status: number, body: string): Promise<"charged" | "nothing" | "perhaps"> {
  const server = createServer((_, response) => response.writeHead(status, { "content-type": "application/json" }).end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { spec } = providerGateway({ url, allow: ["127.0.0.1"], secret: "none" });
  let gateway: Gateway | undefined;
  try {
    gateway = (await spec?.create({ clock: systemClock, metrics: new Metrics() })) as Gateway;
    const payment = { tenant: "acme", checkoutId: "1", key: "key", money: { cents: 500, currency: "EUR" } };
    return await gateway.charge(payment).then(
      () => "charged" as const,
      (thrown: Fault) => (codes[thrown.code].undo === "yes" ? "nothing" : "perhaps"),
    );
  } finally {
    if (gateway !== undefined) await spec?.dispose?.(gateway);
    server.closeAllConnections();
    server.close();
  }
}

const code = (error_code: string) => JSON.stringify({ error_code });
const line = { seq_no: 1, line_type: "capture", amount_minor: 500, currency_code: "EUR", booked_at: new Date(0).toISOString() };

describe("what a reply of the provider says about a charge", () => {
  for (const [what, status, body, said] of [
    ["its line", 201, JSON.stringify({ ...line, merchant_ref: "acme/1" }), "charged"],
    ["its line, at a repeat", 200, JSON.stringify({ ...line, merchant_ref: "acme/1" }), "charged"],
    ["the line of another", 201, JSON.stringify({ ...line, merchant_ref: "acme/2" }), "perhaps"],
    ["something else", 200, "{}", "perhaps"],
    ["a page", 200, "<html>", "perhaps"],
    ["nothing", 204, "", "perhaps"],
    ["that the card is declined", 402, code("card_declined"), "nothing"],
    ["that it was reversed before", 409, code("reversed_before"), "nothing"],
    ["that nothing is left", 409, code("nothing_left"), "nothing"],
    ["that the key has booked something else", 422, code("key_reused"), "perhaps"],
    // It says so before it looks for the key: an earlier attempt may have been read.
    ["that it cannot read it", 422, code("unreadable"), "perhaps"],
    ["that the key is missing", 400, code("key_required"), "perhaps"],
    ["that it does not know the path", 404, code("unknown_path"), "perhaps"],
    ["a 402 of a proxy", 402, "<html>", "perhaps"],
    ...[300, 302, 400, 401, 403, 404, 405, 407, 408, 409, 410, 413, 421, 422, 425, 429, 431, 451, 499].map(
      (proxied) => [`a ${proxied} of a proxy`, proxied, "<html>", "perhaps"] as const,
    ),
    ...[500, 501, 502, 503, 504, 507].map((failed) => [`a ${failed}`, failed, code("books_full"), "perhaps"] as const),
  ] as const)
    it(`${what}: ${said}`, async () => assert.equal(await charged(status, body), said));
});
