import { http } from "plimsoll/http";
import { type Ask, type Asks, answerOf } from "./asks.ts";

/** The headers that say the same on every surface that HTTP brings. */
export function headersOf({ authorization, key, remainingMs, criticality }: Ask): Headers {
  const headers = new Headers({ "content-type": "application/json" });
  if (authorization !== undefined) headers.set("authorization", authorization);
  if (key !== undefined) headers.set("idempotency-key", key);
  if (remainingMs !== undefined) headers.set("plimsoll-deadline-ms", String(remainingMs));
  if (criticality !== undefined) headers.set("plimsoll-criticality", criticality);
  return headers;
}

/** The table over REST, by which the other surfaces are measured. */
export const rest: Asks = {
  name: "rest",
  surfaces: () => [http({ port: false })],
  ask: async (app, call) => {
    const { operation, input, signal } = call;
    const path = operation.name.replace(".", "/");
    const request = new Request(`http://test/${path}`, {
      method: "POST",
      headers: headersOf(call),
      body: JSON.stringify(input),
      ...(signal && { signal }),
    });
    const response = await app.fetch(request, { address: "192.0.2.1" });
    const body = JSON.parse(await response.text());
    return response.ok ? { code: "ok", output: body } : answerOf(body, body.detail);
  },
};
