import assert from "node:assert/strict";
import { badOrders, order, path, receipt } from "./order.ts";
import { forge } from "./token.ts";

export interface Claims {
  readonly name: string;
  /** What it does beside answering. Everything: validation, tokens, rate limit, admission, security headers, access log, histograms, spans. */
  readonly does: "nothing" | "validation" | "everything";
}

/** Asks a server everything that it claims to do, before it is measured: one that answers fast because it does less fails here. */
export async function verify(url: string, { name, does }: Claims, token: string): Promise<void> {
  const good = await post(url, order, token);
  assert.equal(good.status, 200, `${name} answers the order with ${good.status}: ${good.text}`);
  assert.deepEqual(JSON.parse(good.text), receipt, `${name} answers something else than the others`);
  if (does !== "nothing")
    for (const [what, body] of Object.entries(badOrders)) {
      const { status } = await post(url, body, token);
      assert(status >= 400 && status < 500, `${name} answers an order with ${what} with ${status}`);
    }
  if (does !== "everything") return;
  assert.equal(good.headers.get("x-content-type-options"), "nosniff", `${name} sends no security headers`);
  for (const [what, bad] of [["a forged token", forge(token)] as const, ["no token", undefined] as const]) {
    const { status } = await post(url, order, bad);
    assert.equal(status, 401, `${name} answers ${what} with ${status}`);
  }
}

async function post(url: string, body: unknown, token: string | undefined): Promise<{ status: number; text: string; headers: Headers }> {
  const headers = { "content-type": "application/json", ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, text: await response.text(), headers: response.headers };
}
