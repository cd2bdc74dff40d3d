import type { Clock } from "../../core/clock.ts";
import type { Actor } from "../../operation/actor.ts";
import { type CarriedCall, carries } from "../../operation/authentication/carried.ts";
import { hasSession } from "../../operation/authentication/session-of.ts";
import { type Criticality, readCriticality } from "../../operation/execution.ts";
import { actorTooLarge, tokenExpired, tokenInvalid } from "../faults.ts";
import { remoteLimits } from "../limits.ts";
import type { InternalKeys } from "./keys.ts";

/** What is signed for one call. */
export interface SignedCall {
  readonly by: string;
  readonly module: string;
  readonly operation: string;
  readonly actor: Actor;
  /** The id of the session by which it is known; undefined where it is known otherwise. */
  readonly session: string | undefined;
  readonly tenant: string | undefined;
  readonly address: string | undefined;
  readonly criticality: Criticality;
  /** *Units*: milliseconds. */
  readonly remainingMs: number;
}

/** The claims of a token: short, because they come with each call. */
interface Claims {
  readonly iss: string;
  readonly aud: string;
  readonly op: string;
  /** *Units* of both: milliseconds since the Unix epoch. */
  readonly at: number;
  readonly until: number;
  readonly sub: string;
  readonly kind: Actor["kind"];
  readonly roles: readonly string[];
  readonly tid?: string;
  /** The tenant of the caller's execution. */
  readonly on?: string;
  /** The session of the actor. */
  readonly ses?: string;
  /** The address of the peer for whom the caller runs. */
  readonly ip?: string;
  readonly crit: Criticality;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Signs the token of one call. *Faults thrown*: `internal_token_too_large`. */
export function signCall(keys: InternalKeys, { actor, session, tenant, address, ...call }: SignedCall, now: number): string {
  const claims: Claims = {
    ...{ iss: call.by, aud: call.module, op: call.operation, at: now, until: now + Math.min(call.remainingMs, remoteLimits.tokenMs) },
    ...{ sub: actor.id, kind: actor.kind, roles: actor.roles, crit: call.criticality, claims: actor.claims },
    ...(actor.tenant !== undefined && { tid: actor.tenant }),
    ...(tenant !== undefined && { on: tenant }),
    ...(session !== undefined && { ses: session }),
    ...(address !== undefined && { ip: address }),
  };
  const token = keys.sign(JSON.stringify(claims));
  if (token.length > remoteLimits.tokenChars) throw actorTooLarge(token.length, remoteLimits.tokenChars);
  return token;
}

/** What a token says, and until when. */
export interface OpenedToken {
  readonly actor: Actor;
  /** *Units*: milliseconds since the Unix epoch. */
  readonly validFrom: number;
  readonly validUntil: number;
}

/** Opens a token. *Faults thrown*: `internal_token_invalid`, `internal_token_expired`. */
export function openToken(keys: InternalKeys, token: string, clock: Pick<Clock, "now">): OpenedToken {
  const payload = token.length > remoteLimits.tokenChars ? undefined : keys.open(token);
  if (payload === undefined) throw tokenInvalid("no key has signed it");
  const claims = claimsOf(payload);
  if (claims === undefined) throw tokenInvalid("its claims are not those of a call");
  const { clockToleranceMs, tokenMs } = remoteLimits;
  const now = clock.now();
  if (claims.at > now + clockToleranceMs) throw tokenInvalid("it is from the future");
  if (claims.until - claims.at > tokenMs) throw tokenInvalid("it is valid for too long");
  const validUntil = claims.until + clockToleranceMs;
  if (now >= validUntil) throw tokenExpired();
  const { sub: id, kind, roles, tid: tenant, on, ip: address, iss: by, aud: module, op: operation, crit: criticality } = claims;
  const actor: Actor = Object.freeze({ id, kind, roles: Object.freeze(roles), tenant, claims: Object.freeze(claims.claims) });
  if (claims.ses !== undefined) hasSession(actor, claims.ses);
  carries(actor, { by, module, operation, tenant: on, address, criticality } satisfies CarriedCall);
  return { actor, validFrom: claims.at - clockToleranceMs, validUntil };
}

const kinds: readonly unknown[] = ["anonymous", "user", "service", "system"] satisfies readonly Actor["kind"][];
const isText = (value: unknown): value is string => typeof value === "string";

/** What one of our keys has signed is still looked at: another version may have written it. */
function claimsOf(payload: string): Claims | undefined {
  let claims: Partial<Record<keyof Claims, unknown>>;
  try {
    claims = Object(JSON.parse(payload));
  } catch {
    return undefined;
  }
  const { iss, aud, op, at, until, sub, kind, roles, tid, on, ses, ip, crit, claims: own } = claims;
  const named =
    [iss, aud, op, sub].every(isText) && kinds.includes(kind) && [tid, on, ses, ip].every((one) => one === undefined || isText(one));
  const timed = Number.isFinite(at) && Number.isFinite(until);
  const ranked = isText(crit) && readCriticality(crit) !== undefined;
  const held = Array.isArray(roles) && roles.every(isText) && typeof own === "object" && own !== null;
  return named && timed && ranked && held ? (claims as unknown as Claims) : undefined;
}
