import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { type AppSpec, createApp } from "plimsoll";
import { prometheus } from "plimsoll/telemetry";

const token = randomBytes(32).toString("hex");
const next = randomBytes(32).toString("hex");

/** The problems with which an app is refused. */
function problems(ops: AppSpec["ops"]): readonly string[] {
  try {
    createApp({ modules: [], ...(ops && { ops }) });
    return [];
  } catch (error) {
    const { details } = error as { details: { problems: readonly { readonly field: string; readonly message: string }[] } };
    return details.problems.map(({ field, message }) => `${field}: ${message}`);
  }
}

describe("the token of the ops port", () => {
  for (const host of ["0.0.0.0", "::", "10.0.0.7", "ops.internal", "127.evil.example"])
    it(`is needed on ${host}`, () => {
      assert.match(problems({ port: 0, host }).join(), /^ops\.token: Other machines can reach the ops port on .*, and it has no token\./);
      assert.deepEqual(problems({ port: 0, host, token }), []);
    });
  for (const host of [undefined, "127.0.0.1", "127.0.0.2", "::1", "localhost"])
    it(`is not needed on ${host}`, () => assert.deepEqual(problems({ port: 0, ...(host !== undefined && { host }) }), []));

  it("cannot be guessed, and no message repeats it", () => {
    for (const weak of [
      "short",
      "0123456789".repeat(4),
      "a".repeat(40),
      "",
      [],
      [token, "x".repeat(50)],
      Array.from({ length: 5 }, () => token),
    ]) {
      const found = problems({ port: 0, token: weak });
      assert.equal(found.length, 1, JSON.stringify(weak));
      assert.match(found[0] ?? "", /^ops\.token: /);
      assert.ok(!found[0]?.includes("short"));
    }
  });

  it("opens all pages but the probes, which are open, and each of several does", async () => {
    const app = createApp({ modules: [], ops: { port: 0, token: [token, next] }, telemetry: [prometheus()] });
    await app.start();
    try {
      const ask = async (path: string, authorization?: string, method = "GET") => {
        const headers = { ...(authorization !== undefined && { authorization }), "plimsoll-ops": "yes" };
        const response = await fetch(new URL(path, app.urls.ops), { method, headers });
        const text = await response.text();
        assert.ok(!text.includes(token));
        return response.status === 401 ? `401 ${response.headers.get("www-authenticate")}` : String(response.status);
      };
      for (const path of ["/metrics", "/access", "/loadlines", "/none"]) {
        for (const wrong of [undefined, "", token, `Basic ${token}`, `Bearer ${token}x`, `Bearer ${token.slice(1)}`, "Bearer "])
          assert.equal(await ask(path, wrong), "401 Bearer", `${path} with ${wrong}`);
        for (const right of [token, next]) assert.equal(await ask(path, `Bearer ${right}`), path === "/none" ? "404" : "200");
      }
      assert.equal(await ask("/loadlines/process", undefined, "POST"), "401 Bearer");
      assert.deepEqual([await ask("/livez"), await ask("/readyz")], ["200", "200"]);
      assert.equal(await ask("/livez/../metrics"), "401 Bearer");
    } finally {
      await app.stop();
    }
  });
});
