import { paramsInvalid } from "../../faults.ts";
import type { Asking, CallTerms, Channel, Follows } from "../asking.ts";
import { type Followed, follow, followedOf, followsExhausted } from "./follow.ts";

interface SessionFollows {
  readonly followed: Map<string, { readonly followed: Followed; ending: AbortController }>;
  channel: Channel | undefined;
}

/**
 * What the clients of sessions follow in this process. A resource is followed while its client reads the events that belong to no request.
 * *Bounds*: `followingSessions` sessions, of which the oldest without events is forgotten first, and `subscriptions` resources of each.
 */
export class SessionsFollows implements Follows {
  readonly #sessions = new Map<string, SessionFollows>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** *Faults thrown*: `mcp_params_invalid`, `mcp_resource_unknown`, `mcp_subscriptions_exhausted`. */
  subscribe(terms: CallTerms, { client, message }: Asking): object {
    const followed = followedOf(terms.model, message.params.uri);
    if (followed === undefined) throw paramsInvalid("The changes of the resource cannot be followed.");
    if (client.session === undefined) throw paramsInvalid("Only a session follows resources. Begin one with initialize.");
    const own = this.#of(client.session);
    if (own.followed.has(followed.uri)) return {};
    const { subscriptions: most } = terms.limits;
    if (own.followed.size >= most) throw followsExhausted(most, "resources of one session");
    own.followed.set(followed.uri, { followed, ending: new AbortController() });
    this.#follow(terms, own, followed.uri);
    return {};
  }

  unsubscribe({ client, message }: Asking): object {
    const { uri } = message.params;
    if (typeof uri !== "string") throw paramsInvalid('"uri" is not the address of a resource.');
    const own = this.#sessions.get(client.session ?? "");
    own?.followed.get(uri)?.ending.abort();
    own?.followed.delete(uri);
    return {};
  }

  /** Begins the events of a session, in the place of those that it had. *Faults thrown*: `mcp_subscriptions_exhausted`. */
  open(terms: CallTerms, session: string, channel: Channel): void {
    const own = this.#of(session);
    own.channel?.end();
    own.channel = channel;
    channel.signal.addEventListener("abort", () => {
      if (own.channel === channel) own.channel = undefined;
    });
    for (const uri of own.followed.keys()) this.#follow(terms, own, uri);
  }

  /** The process ends. */
  close(): void {
    for (const { channel } of this.#sessions.values()) channel?.end();
    this.#sessions.clear();
  }

  #follow(terms: CallTerms, own: SessionFollows, uri: string): void {
    const { channel } = own;
    const entry = own.followed.get(uri);
    if (channel === undefined || entry === undefined) return;
    const signal = AbortSignal.any([channel.signal, entry.ending.signal]);
    // What ends it stands in the signal of its stream; its client can subscribe again.
    const forget = () => {
      if (!signal.aborted) own.followed.delete(uri);
    };
    void follow(terms, entry.followed, { ...channel, signal }).then(forget, forget);
  }

  #of(session: string): SessionFollows {
    const known = this.#sessions.get(session);
    if (known !== undefined) return known;
    if (this.#sessions.size >= this.#most) {
      const idle = [...this.#sessions].find(([, { channel }]) => channel === undefined);
      if (idle === undefined) throw followsExhausted(this.#most, "sessions");
      this.#sessions.delete(idle[0]);
    }
    const made: SessionFollows = { followed: new Map(), channel: undefined };
    this.#sessions.set(session, made);
    return made;
  }
}
