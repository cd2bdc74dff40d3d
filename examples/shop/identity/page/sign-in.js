const at = (id) => document.getElementById(id);
const link = new URLSearchParams(location.hash.slice(1));

/** Sends a request to the shop. The browser keeps the session itself: no script ever sees it. */
async function ask(method, path, body) {
  const response = await fetch(path, {
    method,
    ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { ok: response.ok, status: response.status, body: text === "" ? {} : JSON.parse(text) };
}

function say(text, bad = false) {
  at("message").textContent = text;
  at("message").hidden = text === "";
  at("message").classList.toggle("bad", bad);
}

function show(id) {
  for (const part of ["enter", "reset", "join", "verify", "account"]) at(part).hidden = part !== id;
}

/** Runs `work` with the fields of a form when it is sent, once at a time. */
function onSubmit(id, work) {
  at(id).addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.target.querySelector("button");
    button.disabled = true;
    await work(Object.fromEntries(new FormData(event.target))).catch(() => say("The shop does not respond. Try again.", true));
    button.disabled = false;
  });
}

/** Forgets the link: neither the history nor the next reader of the screen is to find it. */
function forgetLink(text) {
  history.replaceState(null, "", "/sign-in");
  show("enter");
  say(text);
}

/** A line of a list, with a button that removes what it names. */
function row({ text, hint, remove, path }) {
  const line = document.createElement("li");
  const what = document.createElement("span");
  const button = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: remove });
  what.append(text, Object.assign(document.createElement("small"), { textContent: hint }));
  button.setAttribute("aria-label", `${remove} ${text}`);
  button.addEventListener("click", async () => {
    const { ok, body } = await ask("DELETE", path);
    if (!ok) say(body.detail ?? body.title, true);
    await showAccount();
  });
  line.append(what, button);
  return line;
}

const day = (time) => new Date(time).toLocaleDateString();

async function showPasskeys() {
  const { body } = await ask("GET", "/v1/passkeys");
  at("passkeys").replaceChildren(
    ...(body.items ?? []).map(({ id, name, createdAt, lastUsedAt }) => {
      const hint = lastUsedAt ? `used on ${day(lastUsedAt)}` : `added on ${day(createdAt)}`;
      return row({ text: name, hint, remove: "Remove", path: `/v1/passkeys/${id}` });
    }),
  );
}

async function showInvitations() {
  const { body } = await ask("GET", "/v1/invitations?limit=100");
  at("invitations").replaceChildren(
    ...(body.items ?? []).map(({ id, email, roles, expiresAt }) =>
      row({ text: email, hint: `${roles.join(" and ")}, until ${day(expiresAt)}`, remove: "Revoke", path: `/v1/invitations/${id}` }),
    ),
  );
}

async function showAccount() {
  const { ok, body } = await ask("GET", "/v1/browser-sessions/own");
  if (!ok) return show("enter");
  at("name").textContent = `Hello ${body.name}`;
  at("who").textContent =
    `${body.email} of ${body.tenant}, ${body.roles.join(" and ")}${body.secondFactor ? ", with a second factor" : ""}`;
  at("protect").hidden = body.secondFactor;
  at("unverified").hidden = body.emailVerified;
  at("inviting").hidden = !body.roles.includes("administrator");
  await Promise.all([showPasskeys(), ...(at("inviting").hidden ? [] : [showInvitations()])]);
  show("account");
}

onSubmit("enter", async ({ code, ...fields }) => {
  const { ok, body } = await ask("POST", "/v1/browser-sessions", { ...fields, ...(code && { code }) });
  if (ok) {
    say("");
    at("enter").reset();
    at("code").hidden = true;
    return showAccount();
  }
  if (body.type === "urn:plimsoll:second_factor_needed") {
    at("code").hidden = false;
    at("code").querySelector("input").focus();
    return say("Enter the code of your authenticator app, or a recovery code.");
  }
  say(body.detail ?? body.title, true);
});

at("forgot").addEventListener("click", async () => {
  const { tenant, email } = at("enter").elements;
  if (!email.reportValidity()) return;
  const { ok, body } = await ask("POST", "/v1/password-resets", { tenant: tenant.value, email: email.value });
  say(ok ? "If there is such a user, a link is in the mail." : (body.detail ?? body.title), !ok);
});

onSubmit("reset", async ({ password }) => {
  const { ok, body } = await ask("POST", "/v1/password-resets/redeem", { tenant: link.get("tenant"), token: link.get("token"), password });
  if (!ok) return say(body.detail ?? body.title, true);
  forgetLink("The password is changed. Sign in with it.");
});

at("sign-up").addEventListener("click", async () => {
  const { tenant, email } = at("enter").elements;
  if (!email.reportValidity()) return;
  const { ok, body } = await ask("POST", "/v1/sign-ups", { tenant: tenant.value, email: email.value });
  say(ok ? "A link is in the mail. Make your account with it." : (body.detail ?? body.title), !ok);
});

onSubmit("join", async (fields) => {
  const { ok, body } = await ask("POST", "/v1/accounts", { ...fields, tenant: link.get("tenant"), token: link.get("join") });
  if (!ok) return say(body.detail ?? body.title, true);
  at("enter").elements.tenant.value = link.get("tenant");
  at("enter").elements.email.value = body.email;
  forgetLink("Your account is there. Sign in with the password.");
});

onSubmit("verify", async () => {
  const { ok, body } = await ask("POST", "/v1/email-verifications/redeem", { tenant: link.get("tenant"), token: link.get("verify") });
  if (!ok) return say(body.detail ?? body.title, true);
  forgetLink("Your e-mail address is verified.");
  await showAccount();
});

at("ask-to-verify").addEventListener("click", async () => {
  const { ok, body } = await ask("POST", "/v1/email-verifications", {});
  say(ok ? "A link is in the mail." : (body.detail ?? body.title), !ok);
});

/** Runs what asks for a passkey: a user who closes the question of the browser has decided something, and nothing has failed. */
async function withPasskey(work) {
  try {
    await work();
  } catch (error) {
    if (error.name === "InvalidStateError") say("This device has a passkey for you already.", true);
    else say(error.name === "NotAllowedError" ? "No passkey was used." : "The passkey did not work. Try again.", true);
  }
}

at("passkey").addEventListener("click", () =>
  withPasskey(async () => {
    const tenant = at("enter").elements.tenant.value;
    const { ok, body } = await ask("POST", "/v1/browser-sessions/passkey/options", { tenant });
    if (!ok) return say(body.detail ?? body.title, true);
    const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(body) });
    const entered = await ask("POST", "/v1/browser-sessions/passkey", { tenant, response: credential.toJSON() });
    if (!entered.ok) return say(entered.body.detail ?? entered.body.title, true);
    say("");
    await showAccount();
  }),
);

onSubmit("add-passkey", ({ name }) =>
  withPasskey(async () => {
    const { ok, body } = await ask("POST", "/v1/passkeys/options", {});
    if (!ok) return say(body.detail ?? body.title, true);
    const credential = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(body) });
    const added = await ask("POST", "/v1/passkeys", { name, response: credential.toJSON() });
    if (!added.ok) return say(added.body.detail ?? added.body.title, true);
    say("The passkey is added. Sign in with it next time.");
    await showPasskeys();
  }),
);

onSubmit("invite", async ({ email, role }) => {
  const { ok, body } = await ask("POST", "/v1/invitations", { email, roles: [role] });
  if (!ok) return say(body.detail ?? body.title, true);
  at("invite").reset();
  say(`The invitation is on its way to ${body.email}.`);
  await showInvitations();
});

at("protect").addEventListener("click", async () => {
  const { body } = await ask("POST", "/v1/second-factor", {});
  at("secret").textContent = body.secret;
  at("confirm").hidden = false;
});

onSubmit("confirm", async (fields) => {
  const { ok, body } = await ask("POST", "/v1/second-factor/confirm", fields);
  if (!ok) return say(body.detail ?? body.title, true);
  at("codes").replaceChildren(...body.recoveryCodes.map((code) => Object.assign(document.createElement("li"), { textContent: code })));
  at("confirm").hidden = true;
  at("recovery").hidden = false;
  say("The second factor is on.");
  await showAccount();
});

at("leave").addEventListener("click", async () => {
  await ask("DELETE", "/v1/browser-sessions/own");
  at("recovery").hidden = true;
  show("enter");
});

const hasPasskeys = typeof PublicKeyCredential === "function" && "parseRequestOptionsFromJSON" in PublicKeyCredential;
at("passkey").hidden = !hasPasskeys;
at("add-passkey").hidden = !hasPasskeys;

if (link.get("token")) show("reset");
else if (link.get("join")) show("join");
else if (link.get("verify")) show("verify");
else void showAccount();
