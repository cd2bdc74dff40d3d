import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { passkeys } from "plimsoll/auth";
import { postgres } from "plimsoll/postgres";
import { testDatabase } from "plimsoll/testing";
import { desk as deskOf, session } from "../../auth/passkeys/desk.ts";
import { freePort } from "../../free-port.ts";
import { chromium, Page } from "../browser.ts";
import { serve } from "../http/app.ts";

describe("passkeys in a browser", { skip: chromium === undefined && "there is no chromium" }, () => {
  it("are made and used on the own page, and on no page of another origin", async () => {
    const [port, otherPort] = [await freePort(), await freePort()];
    const own = `http://localhost:${port}`;
    const { desk, operations } = deskOf(passkeys("desk", { rpId: "localhost", rpName: "Desk", origins: [own] }));
    const database = await testDatabase({ modules: [desk] });
    try {
      const spec = { database: postgres({ url: database.url }), authentication: session };
      await using served = await serve(operations, { ...spec, http: { port, documents: true } });
      await using elsewhere = await serve([], { http: { port: otherPort, documents: true } });
      await using page = await Page.open();
      await page.send("WebAuthn.enable");
      const authenticator = {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
      };
      const { authenticatorId } = await page.send("WebAuthn.addVirtualAuthenticator", { options: authenticator });
      const script = `
        const post = async (path, body) => {
          const response = await fetch("${own}" + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
          return { status: response.status, body: await response.json() };
        };
        const make = async (user) => {
          const { body } = await post("/v1/passkeys/options", { user });
          const credential = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(body) });
          return (await post("/v1/passkeys", { user, response: credential.toJSON() })).status;
        };
        const enter = async () => {
          const { body } = await post("/v1/sign-in/options", {});
          const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(body) });
          const { status, body: reply } = await post("/v1/sign-in", { response: credential.toJSON() });
          return [status, reply.user];
        };`;
      const run = <T>(expression: string) => page.evaluate<T>(`(async () => { ${script} return ${expression}; })()`);
      const open = async (origin: string) => {
        await page.goto(`${origin}/docs`);
        await page.until("document.readyState === 'complete'");
      };

      await open(own);
      assert.equal(await run("make('ann')"), 200);
      assert.deepEqual(await run("enter()"), [200, "ann"]);
      await assert.rejects(run("make('ann')"), /InvalidStateError/, "it is on this authenticator already");
      await page.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
      await assert.rejects(run("enter()"), /NotAllowedError/);
      await page.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });

      // Another port is another origin, although its pages may use passkeys of the same domain.
      const { body } = await served.ask("POST", "/v1/sign-in/options", { headers: {}, body: {} });
      await open(`http://localhost:${elsewhere.port}`);
      const stolen = await page.evaluate<unknown>(
        `navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(${body}) }).then((credential) => credential.toJSON())`,
      );
      const executed = served.executed();
      const { status, headers } = await served.ask("POST", "/v1/sign-in", { headers: {}, body: { response: stolen } });
      assert.deepEqual([status, headers["set-cookie"]], [401, undefined]);
      assert.match(String((await executed).notes?.passkeyRefused), /origin/);
    } finally {
      await database.drop();
    }
  });
});
