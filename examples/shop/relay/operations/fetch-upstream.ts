import { implement } from "plimsoll";
import { timeout } from "plimsoll/resilience";
import * as relay from "../contract.ts";
import { counts } from "../counts.ts";

/** The part of the time that one attempt may take: one that stalls leaves time for two others. */
const attemptShare = 0.4;

export const fetchUpstream = implement(relay.fetchUpstream, async ({ upstream, path, timeoutMs }, { upstreams, fail }) => {
  const client = Object.hasOwn(upstreams, upstream) ? upstreams[upstream] : undefined;
  if (client === undefined) return fail(relay.UpstreamUnknown, { upstream });
  const outcomes: string[] = [];
  const startedAt = performance.now();
  try {
    const { status, attempts, body } = await timeout(timeoutMs).run((within) =>
      client.request({
        ...{ method: "GET", path, output: "text", within, timeout: timeoutMs * attemptShare },
        onAttempt: (outcome) => void outcomes.push(outcome),
      }),
    );
    return { upstream, status, attempts, body };
  } finally {
    counts.add(upstream, outcomes, performance.now() - startedAt);
  }
});
