import { createHmac } from "node:crypto";

/**
 * What telemetry tells of a tenant or an actor: the id itself, a pseudonym that is the same in every line, or nothing.
 * A pseudonym keeps ids out of logs; it does not make them anonymous, for whoever knows an id can compute it.
 */
export type IdentityPolicy = "plain" | "hash" | "drop";

const remembered = 10_000;

/** Compiles a policy to a function; `key` (the service's name) keeps the pseudonyms of different services apart. */
export function pseudonym(policy: IdentityPolicy, key: string): (id: string | undefined) => string | undefined {
  if (policy === "plain") return (id) => id;
  if (policy === "drop") return () => undefined;
  const known = new Map<string, string>();
  return (id) => {
    if (id === undefined) return undefined;
    let name = known.get(id);
    if (name === undefined) {
      name = createHmac("sha256", key).update(id).digest("hex").slice(0, 16);
      if (known.size >= remembered) known.clear();
      known.set(id, name);
    }
    return name;
  };
}
