import { type Actor, type Authenticator, anonymous } from "../../operation/actor.ts";
import { credentialOf } from "../../operation/authentication/chain.ts";
import { verify } from "../../pipeline/sign-in.ts";
import { ReplyCredentials } from "../../pipeline/state/reply-credentials.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import type { RequestHeaders } from "../request-headers.ts";
import { type PickedCredentials, textAt } from "./credential-fields.ts";
import { crossSite } from "./cross-site.ts";

/** What a request says of its caller. */
export interface CallerFields {
  readonly headers: RequestHeaders;
  readonly picked: PickedCredentials;
  /** Whether its method may change something. */
  readonly writes: boolean;
  /** Who is known by the certificate of the connection, if the request presents nothing. *Default*: no caller is. */
  readonly certified?: (() => Actor | Promise<Actor>) | undefined;
}

const noOrigins: readonly string[] = [];

/**
 * Says who asks, where schemes look elsewhere than in `Authorization`.
 * *Faults thrown*, at once or by the promise: those of the authenticator; `permission_denied` as `cross_site_request`.
 */
export function signInByFields(execution: RunningExecution, authenticator: Authenticator, fields: CallerFields): Actor | Promise<Actor> {
  const { headers, picked, writes, certified } = fields;
  const found = credentialOf(authenticator, {
    authorization: headers.authorization,
    textAt: (place) => textAt(picked, place),
  });
  const place = found?.place;
  const given = new ReplyCredentials();
  execution.credentials = given;
  if (writes) {
    const ambient = place?.in === "cookie";
    const { origin, host } = headers;
    const [site] = [picked.lines.get("sec-fetch-site")?.join(", ")];
    const sender = { site, origin, host, custom: picked.lines.has("x-requested-with") };
    const refusal = crossSite(sender, { origins: cookieOrigins(authenticator), known: ambient });
    if (ambient && refusal !== undefined) throw refusal;
    given.refusal = refusal;
  }
  if (found === undefined) return certified?.() ?? anonymous;
  const { token } = found;
  const actor = (token === undefined ? undefined : authenticator.remembered(token)?.actor) ?? verify(execution, authenticator, token);
  const renew = (known: Actor): Actor => {
    given.renewed = authenticator.renewed?.(known);
    return known;
  };
  return actor instanceof Promise ? actor.then(renew) : renew(actor);
}

function cookieOrigins(authenticator: Authenticator): readonly string[] {
  const parts = authenticator.parts ?? [authenticator];
  return parts.find(({ place }) => place?.in === "cookie")?.place?.origins ?? noOrigins;
}
