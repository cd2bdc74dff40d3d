import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { SoftAuthenticator } from "../../../auth/passkeys/authenticator.ts";
import { subjectOf } from "../open-shop.ts";
import { type Desk, openDesk } from "./desk.ts";

describe("mail about passkeys", () => {
  let desk: Desk;
  before(async () => {
    desk = await openDesk();
  });
  after(() => desk?.[Symbol.asyncDispose]());

  const add = async (name: string, called: string) => {
    const token = desk.shop.token(name);
    const { body: options } = await desk.shop.ask("POST /v1/passkeys/options", { token, body: {} });
    const response = new SoftAuthenticator({ origin: desk.origin, rpId: "localhost" }).create(options);
    return await desk.shop.ask("POST /v1/passkeys", { token, body: { name: called, response } });
  };
  const remove = (name: string, id: string) => desk.shop.ask(`DELETE /v1/passkeys/${id}`, { token: desk.shop.token(name) });

  it("says that one was added, and that one was removed, and nothing that a caller has written", async () => {
    const email = "ben@acme.example";
    const added = desk.mailTo(email);
    const { status, body } = await add("Ben", "Claim your prize at https://evil.example");
    assert.equal(status, 201);
    const mail = await added;
    assert.deepEqual([mail.to, mail.subject], [{ name: "Ben", email }, "A passkey was added"]);
    assert.ok(mail.text.includes(`${desk.origin}/sign-in\n`), mail.text);
    assert.doesNotMatch(mail.text, /evil/);
    const removed = desk.mailTo(email);
    assert.equal((await remove("Ben", body.id)).status, 204);
    assert.equal((await removed).subject, "A passkey was removed");
  });

  it("is not sent where nothing changed, and not to an address that is not verified", async () => {
    const userId = subjectOf(desk.shop.token("Cleo"));
    await desk.shop.database.admin(`update identity.users set email_verified = false where id = '${userId}'`);
    const before = desk.mails.length;
    const tasked = () => desk.shop.app.signals.executed.next(({ operation }) => operation === "identity.mail-passkey-change");
    const done = tasked();
    const { body } = await add("Cleo", "Laptop");
    assert.equal((await done).outcome, "ok");
    assert.equal((await remove("Ben", body.id)).status, 404);
    const token = desk.shop.token("Ben");
    assert.equal((await desk.shop.ask("POST /v1/passkeys", { token, body: { response: { id: "made up" } } })).status, 400);
    // Tasks of one queue are taken in their order: what the refused ones had started would be done before this.
    const last = tasked();
    await remove("Cleo", body.id);
    assert.equal((await last).outcome, "ok");
    assert.equal(desk.mails.length, before);
  });
});
