// Reset a password with a link that is good once. Run it with: node --conditions=source examples/callers/reset-password.ts
import { action, command, createApp, fault, module, query, secret, task } from "plimsoll";
import { hashPassword, oneTimeTokens } from "plimsoll/auth";
import { embedded } from "plimsoll/embedded";
import { z } from "zod";

const resets = oneTimeTokens("desk.reset-password", { lifetime: "30m" });
const none = z.object({});
const users = new Map([["ann@example.com", await hashPassword("correct horse")]]);
const mailed = Promise.withResolvers<string>();
const open = { access: "public", budget: "5s" } as const;
const LinkNotValid = fault("link_not_valid", { code: "permission_denied", message: "The link is not valid any more. Ask for another." });

const issueReset = command("desk.issue-reset", {
  ...{ ...open, idempotent: "natural", input: z.object({ email: z.string() }), output: z.object({ token: secret(z.string()) }) },
  run: async ({ email }, scope) => ({ token: await resets.issue(scope, { subject: email }) }),
});
/** Issues the token where it is mailed, so that no input of a task keeps it. Whether there is such a user is seen here, and not in a reply. */
const mailReset = task("desk.mail-reset", {
  ...{ input: z.object({ email: z.string() }), budget: "30s" },
  async run({ email }, { call }) {
    if (users.has(email)) mailed.resolve((await call(issueReset, { email })).token);
  },
});
const askForReset = command("desk.ask-for-reset", {
  ...{ ...open, idempotent: "natural", input: z.object({ email: z.string() }), output: none },
  run: async ({ email }, { start }) => start(mailReset, { email }).then(() => ({})),
});

const checkLink = query("desk.check-link", {
  ...{ ...open, input: z.object({ token: secret(z.string()) }), output: z.object({ good: z.boolean() }) },
  run: async ({ token }, scope) => ({ good: (await resets.find(scope, token)) !== undefined }),
});
const store = command("desk.store", {
  ...{
    ...open,
    idempotent: "natural",
    input: z.object({ token: secret(z.string()), hash: secret(z.string()) }),
    output: none,
    faults: [LinkNotValid],
  },
  async run({ token, hash }, scope) {
    const { subject } = (await resets.redeem(scope, token)) ?? scope.fail(LinkNotValid, {});
    users.set(subject, hash);
    return {};
  },
});
const reset = action("desk.reset", {
  ...{
    ...open,
    idempotent: "no",
    input: z.object({ token: secret(z.string()), password: secret(z.string()) }),
    output: none,
    faults: [LinkNotValid],
  },
  async run({ token, password }, { call, fail, signal }) {
    // A caller without a link causes no hashing.
    if (!(await call(checkLink, { token })).good) fail(LinkNotValid, {});
    return call(store, { token, hash: await hashPassword(password, { signal }) });
  },
});

const operations = [issueReset, mailReset, askForReset, checkLink, store, reset];
const app = createApp({
  modules: [module("desk", { operations })],
  database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }),
});
await app.start();
await app.call(askForReset, { email: "ann@example.com" });
const token = await mailed.promise;
for (const attempt of ["first", "second"])
  console.log(
    await app.call(reset, { token, password: "battery staple" }).then(
      () => `${attempt}: the password is changed`,
      ({ message }: Error) => `${attempt}: ${message}`,
    ),
  );
await app.stop();
