import { createHash } from "node:crypto";
import { canonicalJson } from "../../core/json.ts";
import { limits } from "../../core/limits.ts";
import type { Actor } from "../../operation/actor.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import type { CompiledCache } from "./compiled-cache.ts";

/** Claims that differ between two tokens of one actor, and say nothing of the actor. */
const ofTheToken: ReadonlySet<string> = new Set(["exp", "iat", "nbf", "jti"]);

const texts = new WeakMap<Actor, string>();

/** What a key is made of. */
export interface CacheRequest {
  readonly compiled: CompiledOperation;
  readonly actor: Actor;
  readonly tenant: string | undefined;
  /** The input before it was parsed. */
  readonly sent: unknown;
}

/**
 * The key of the value that a request gets: the operation, who may share it, and the input.
 * *Guarantees*: of two actors, roles and claims count beside the id, since a handler reads them. An input with a secret is only in the key as a hash.
 */
export function keyOf({ compiled, actor, tenant, sent }: CacheRequest, { per, form }: CompiledCache): string {
  const input = canonicalJson(sent);
  const isHashed = compiled.input.hasSecrets || input.length > limits.cacheKeyChars;
  // JSON has no line break outside of its texts, which escape theirs: the parts cannot be shifted.
  return `${compiled.name} ${form}\n${callers(per, actor, tenant)}\n${isHashed ? hash(input) : input}`;
}

function callers(per: CompiledCache["per"], actor: Actor, tenant: string | undefined): string {
  if (per === "public") return "";
  const within = tenant === undefined ? "-" : JSON.stringify(tenant);
  return per === "tenant" ? within : `${within} ${actorText(actor)}`;
}

/** Actors are frozen, and all requests with one token share theirs. */
function actorText(actor: Actor): string {
  let text = texts.get(actor);
  if (text === undefined) {
    const { id, kind, roles, tenant = null, claims } = actor;
    const own = Object.fromEntries(Object.entries(claims).filter(([name]) => !ofTheToken.has(name)));
    text = hash(canonicalJson({ id, kind, roles: [...roles].sort(), tenant, claims: own }));
    texts.set(actor, text);
  }
  return text;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
