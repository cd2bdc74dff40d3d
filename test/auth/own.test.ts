import assert from "node:assert/strict";
import { it } from "node:test";
import * as plimsoll from "plimsoll";
import { action, createApp, module, signedIn } from "plimsoll";
import { http } from "plimsoll/http";
import { z } from "zod";

// An authenticator that is not ours, by what the front door gives.

interface Door {
  authenticator(spec: { readonly authenticate: (credential: string) => unknown; readonly description?: string }): never;
  badCredential(message: string): never;
}

const whoami = action("t.whoami", {
  input: z.object({}),
  output: z.object({ id: z.string() }),
  access: signedIn(),
  idempotent: "natural",
  budget: "5s",
  http: "POST /whoami",
  run: async (_input, { actor }) => ({ id: actor.id }),
});

async function serve(authenticate: (door: Door, credential: string) => unknown) {
  const door = plimsoll as unknown as Door;
  assert.ok("authenticator" in door && "badCredential" in door, "the front door has no authenticator");
  const authentication = door.authenticator({ authenticate: (credential) => authenticate(door, credential), description: "An API key" });
  const app = createApp({
    modules: [module("t", { operations: [whoami] })],
    authentication,
    // What callers see of a bug, as in production.
    development: false,
    surfaces: [http({ port: 0, host: "127.0.0.1", documents: true })],
  });
  await app.start();
  const [url = ""] = app.urls.surfaces;
  const ask = async (through: "socket" | "fetch", credential: string) => {
    const request = new Request(new URL("/whoami", url), { method: "POST", headers: { authorization: `Bearer ${credential}` } });
    const response = await (through === "fetch" ? app.fetch(request) : fetch(request));
    return { status: response.status, headers: response.headers, json: (await response.json()) as Record<string, string> };
  };
  return { app, url, ask, [Symbol.asyncDispose]: () => app.stop() };
}

const user = (id: string) => ({ id, kind: "user", roles: [], tenant: undefined, claims: {} });

for (const through of ["socket", "fetch"] as const) {
  it(`an authenticator of one's own says who asks, at once or later, through ${through}`, async () => {
    await using served = await serve((_door, credential) => (credential === "later" ? Promise.resolve(user("later")) : user(credential)));
    for (const credential of ["now", "later", "now"]) {
      const { status, json } = await served.ask(through, credential);
      assert.deepEqual([status, json], [200, { id: credential }]);
    }
  });

  it(`a bad credential is 401 with its message, at once or later, through ${through}`, async () => {
    await using served = await serve(async (door, credential) => {
      if (credential === "later") await Promise.resolve();
      return door.badCredential(`${credential} is unknown.`);
    });
    for (const credential of ["now", "later"]) {
      const { status, json, headers } = await served.ask(through, credential);
      assert.deepEqual([status, json.type, json.detail], [401, "urn:plimsoll:token_invalid", `${credential} is unknown.`]);
      assert.match(headers.get("www-authenticate") ?? "", /^Bearer/);
    }
  });

  it(`whatever else an authenticator throws is a bug, and its text stays here, through ${through}`, async () => {
    await using served = await serve(() => {
      throw new RangeError("the store of keys at 10.0.0.7");
    });
    const { status, json } = await served.ask(through, "any");
    assert.equal(status, 500);
    assert.doesNotMatch(JSON.stringify(json), /10\.0\.0\.7/);
  });
}

it("the document says what the authenticator says of itself", async () => {
  await using served = await serve(() => user("any"));
  const document = (await (await fetch(new URL("/openapi.json", served.url))).json()) as { components: { securitySchemes: object } };
  assert.deepEqual(Object.values(document.components.securitySchemes), [{ type: "http", scheme: "bearer", description: "An API key" }]);
});
