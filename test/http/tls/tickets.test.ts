import assert from "node:assert/strict";
import { it } from "node:test";
import { type TicketScope, ticketKeysOf } from "../../../src/http/tls/tickets.ts";

it("the keys of session tickets are those of all processes with one secret, certificate, and view of clients", () => {
  const keys = (secret: string, scope: TicketScope) => ticketKeysOf(Buffer.from(secret), scope).toString("hex");
  const scope = { digest: "a", clientCertificates: undefined } as const;
  const first = keys("one", scope);
  assert.deepEqual([first.length, keys("one", scope)], [96, first]);
  const others = [
    keys("two", scope),
    keys("one", { ...scope, digest: "b" }),
    keys("one", { ...scope, clientCertificates: "request" }),
    keys("one", { ...scope, clientCertificates: "require" }),
  ];
  assert.equal(new Set([first, ...others]).size, 5);
});
