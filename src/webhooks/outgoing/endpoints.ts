import assert from "node:assert";
import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { limits } from "../../core/limits.ts";
import type { WriteScope } from "../../operation/scope.ts";
import { readSealed } from "../../operation/vault/sealed.ts";
import { type BoundVault, boundVault, type VaultHolder } from "../../operation/vault/vault.ts";
import { WebhookUrlRefused } from "./faults.ts";

/** An endpoint of a tenant, as it is shown. */
export interface WebhookEndpoint {
  readonly id: string;
  readonly url: string;
  /** Null for all. */
  readonly events: string[] | null;
  /** Why nothing is sent to it any more; null while it is sent to. */
  readonly disabled: string | null;
  /** Since when every attempt has failed; null where the last one succeeded. */
  readonly failingSince: string | null;
  readonly madeAt: string;
}

/** What changing endpoints needs of the scope of a command. */
export type EndpointScope = Pick<WriteScope, "sql" | "newId"> & VaultHolder;

const keptSecrets = 2;
const secretsField = "webhooks.secrets";
const payloadField = "webhooks.payload";

/** Makes a secret of Standard Webhooks: `whsec_` and 32 random bytes in base64. */
export const newSecret = (): string => `whsec_${randomBytes(32).toString("base64")}`;

/**
 * Refuses an address to which nothing may be sent. What a name leads to is vetted at each connection.
 * *Faults thrown*: `invalid_argument` of type `webhook_url_refused`.
 */
export function vetUrl(text: string, isPlainAllowed: boolean): string {
  const refuse = (why: string): never => {
    throw new WebhookUrlRefused({ why });
  };
  if (text.length > limits.webhookUrlChars || !URL.canParse(text)) return refuse("it is not a URL");
  const { protocol, username, password, hostname, hash, href } = new URL(text);
  if (protocol !== "https:" && !(isPlainAllowed && protocol === "http:")) return refuse("it does not begin with https://");
  if (username !== "" || password !== "") return refuse("it has a user or a password");
  if (hash !== "") return refuse("it has a fragment");
  if (isPlainAllowed) return href;
  const host = hostname.replace(/\.$/, "");
  if (isIP(host.replace(/^\[|\]$/g, "")) !== 0) return refuse("its host is an IP address, and not a name");
  if (!host.includes(".") || /\.(?:localhost|local|internal|home\.arpa)$/.test(host))
    return refuse("its host is a name of a private network");
  return href;
}

/** Seals the secrets of an endpoint, of which the first signs first. */
export async function sealSecrets(scope: VaultHolder, id: string, secrets: readonly string[]): Promise<string> {
  const { keys, ask, tenant } = scope[boundVault];
  const text = JSON.stringify(secrets.slice(0, keptSecrets));
  return (await keys.current(ask, { tenant, subject: "" })).seal({ field: secretsField, id }, text);
}

/** Opens the secrets of an endpoint. */
export async function openSecrets(scope: VaultHolder, id: string, sealed: string): Promise<readonly string[]> {
  return JSON.parse(await openText(scope[boundVault], { field: secretsField, id }, sealed));
}

/** Seals the message of an event. */
export async function sealPayload(scope: VaultHolder, event: string, payload: string): Promise<string> {
  const { keys, ask, tenant } = scope[boundVault];
  return (await keys.current(ask, { tenant, subject: "" })).seal({ field: payloadField, id: event }, payload);
}

/** Opens the message of an event. */
export const openPayload = (scope: VaultHolder, event: string, sealed: string): Promise<string> =>
  openText(scope[boundVault], { field: payloadField, id: event }, sealed);

async function openText(
  { keys, ask, tenant }: BoundVault,
  place: { readonly field: string; readonly id: string },
  sealed: string,
): Promise<string> {
  const key = (await keys.keysOf(ask, [sealed])).get(readSealed(sealed)?.key ?? "");
  assert(
    key !== undefined && key.tenant === tenant,
    `A sealed text of ${place.field} ${place.id} has no key of its tenant. Restore plimsoll.vault_keys.`,
  );
  return key.open(place, sealed);
}
