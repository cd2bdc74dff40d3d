import { setTimeout as sleep } from "node:timers/promises";
import type { Statuses } from "./attacker.ts";
import { connectionsFrom, signIn } from "./callers.ts";
import type { Opened } from "./shop.ts";

/** How long a user tries. */
const patienceMs = 10_000;

/** What users who know their passwords got. */
export interface Entered {
  /** How many wanted to sign in. */
  readonly tried: number;
  /** How many signed in with their first request. */
  readonly atOnce: number;
  /** How long each sign-in took, with the waits of users who were asked to try again. *Units*: milliseconds. */
  readonly took: readonly number[];
  /** What refused a request, by status and type. */
  readonly refused: Statuses;
}

/** All users at once sign in, each from an address of their own, and all of them again after each `everyMs`, until they are stopped. */
export function signInWaves({ api: url, emails, password }: Opened, everyMs: number) {
  const stopping = new AbortController();
  const began = performance.now();
  const refused: Record<string, number> = {};
  const took: number[] = [];
  let tried = 0;
  let atOnce = 0;
  const once = async (send: () => ReturnType<typeof signIn>) => {
    const start = performance.now();
    tried++;
    for (let attempt = 0; performance.now() - start < patienceMs; attempt++) {
      const { status, retryAfterMs = 1_000 } = await send();
      if (status === "201") {
        took.push(performance.now() - start);
        if (attempt === 0) atOnce++;
        return;
      }
      refused[status] = (refused[status] ?? 0) + 1;
      await sleep(retryAfterMs);
    }
  };
  const user = async (email: string, index: number) => {
    const agent = connectionsFrom(`127.1.0.${index + 1}`, 1);
    const body = JSON.stringify({ tenant: "acme", email, password });
    while (!stopping.signal.aborted) {
      await once(() => signIn({ agent, url, body }));
      const next = everyMs - ((performance.now() - began) % everyMs);
      await sleep(next, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    agent.destroy();
  };
  const all = Promise.all(emails.map(user));
  return {
    /** Returns when those who are signing in have done so. */
    async stop(): Promise<Entered> {
      stopping.abort();
      await all;
      return { tried, atOnce, took, refused };
    },
  };
}
