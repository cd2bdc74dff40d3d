import { clientRoutes } from "plimsoll";
import { CallFault, client } from "plimsoll/client";
import { http } from "plimsoll/http";
import type { Operation } from "plimsoll/ports";
import { type Answer, type Asks, answerOf } from "./asks.ts";
import { headersOf } from "./rest.ts";

type Call = (input: object, options: object) => Promise<unknown>;

/** The table by the typed client, over REST. */
export const byClient: Asks = {
  name: "client",
  surfaces: () => [http({ port: false })],
  ask: async (app, call) => {
    const { operation, input, key, signal } = call;
    const headers = headersOf({ ...call, operation, input });
    // What a client says by itself.
    for (const name of ["content-type", "idempotency-key", "plimsoll-deadline-ms"]) headers.delete(name);
    const api = client<{ readonly asked: Operation }>({
      ...{ url: "http://test", routes: clientRoutes({ asked: operation }) as never, retry: { attempts: 1 } },
      fetch: (url, init) => app.fetch(new Request(url, init), { address: "192.0.2.1" }),
    }) as unknown as { readonly asked: Call };
    const given = { headers: Object.fromEntries(headers), key, signal };
    const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    return api.asked(input, options).then((output): Answer => ({ code: "ok", output }), faultAnswer);
  },
  apart: {
    "a key that is missing": "a client makes a key for each call of an operation that takes one",
    "the time that the caller has left":
      "a client and the service end the call at the same moment, and either may be first: test/client/ has both",
  },
};

function faultAnswer(fault: unknown): Answer {
  if (!(fault instanceof CallFault)) throw fault;
  const { code, type, message } = fault;
  const { problems, ...details } = (fault.details ?? {}) as Readonly<Record<string, unknown>>;
  return answerOf({ code, type, problems, details: Object.keys(details).length > 0 ? details : undefined }, message);
}
