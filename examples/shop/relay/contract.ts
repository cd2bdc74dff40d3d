import { action, fault, query, rateLimit, role, signedIn } from "plimsoll";
import { z } from "zod";
import { upstreams } from "./clients.ts";

export const UpstreamUnknown = fault("upstream_unknown", {
  code: "not_found",
  details: z.object({ upstream: z.string() }),
  message: ({ upstream }) => `There is no upstream named ${upstream}. Ask for one that is configured.`,
});

/** Fetches in a second, of all callers and of one. */
const fetchesPerSecond = { all: 2_000, actor: 50 } as const;

export const fetchUpstream = action("relay.fetch", {
  summary: "Fetch from a named upstream",
  input: z.object({
    upstream: z.string().min(1).max(63),
    path: z.string().min(1).max(2_000),
    timeoutMs: z.int().min(10).max(2_000).default(250),
  }),
  output: z.object({ upstream: z.string(), status: z.int(), attempts: z.int(), body: z.string() }),
  faults: [UpstreamUnknown],
  access: role("customer"),
  idempotent: "natural",
  uses: { upstreams },
  budget: {
    ...{ deadline: "2500ms", concurrency: 512, queue: 512 },
    rate: [
      rateLimit({ per: "actor", limit: fetchesPerSecond.actor, burst: 10, period: "1s" }),
      rateLimit({ per: "all", limit: fetchesPerSecond.all, burst: 200, period: "1s" }),
    ],
  },
  http: "POST /v1/fetch",
});

const Count = z.int().min(0);

/** Requests that this process has sent to one upstream; `fetches` are those of callers, `meanMs` what these took. */
export const UpstreamCounts = z.object({
  upstream: z.string(),
  ...{ total: Count, success: Count, "4xx": Count, "429": Count, "5xx": Count, timeouts: Count, otherFailures: Count },
  ...{ retries: Count, fetches: Count, meanMs: z.number().min(0) },
});
export type UpstreamCounts = z.infer<typeof UpstreamCounts>;

export const readFetchStats = query("relay.stats", {
  summary: "Count the requests to each upstream by their outcome",
  input: z.object({}),
  output: z.object({ upstreams: z.array(UpstreamCounts) }),
  access: signedIn(),
  budget: "1s",
  http: "GET /v1/fetch/stats",
});
