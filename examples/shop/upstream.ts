// An upstream with a temper, for the relay: it is slow, fails, stalls, resets and goes out as its script says, and the same for the same seed.
// Run it with: TEMPER='{"stalls":0.1}' PORT=4000 node --conditions=source examples/shop/upstream.ts
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { TestClock } from "plimsoll/testing";
import { z } from "zod";

const Share = z.number().min(0).max(1).default(0);

/** What it does to its requests: each share is of all of them. */
export const Temper = z.object({
  /** Half of the replies take less than this, and one in a hundred more than `slowMs`. */
  medianMs: z.number().min(0).default(5),
  slowMs: z.number().min(0).default(20),
  /** 500. */
  errors: Share,
  /** 429, with a time to come back. */
  busy: Share,
  /** Nothing comes, and the connection stays. */
  stalls: Share,
  /** The connection is reset. */
  resets: Share,
  /** The body comes byte by byte. */
  slowBodies: Share,
  /** Times since its start in which all requests fail with 503. */
  outages: z.array(z.object({ afterMs: z.number(), forMs: z.number() })).default([]),
});
export type Temper = z.infer<typeof Temper>;

/** An upstream that runs. */
export interface UpstreamServer {
  readonly url: string;
  /** Requests that it has got. */
  readonly requests: number;
  close(): Promise<void>;
}

/** Starts it on a port of 127.0.0.1; 0 takes a free one. */
export async function startUpstream(temper: Partial<Temper>, { port = 0, seed = 1 } = {}): Promise<UpstreamServer> {
  const script = Temper.parse(temper);
  // Only for its randomness, which is that of the seed.
  const clock = new TestClock({ seed });
  const startedAt = performance.now();
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    const [what, latencyMs] = [clock.random(), latencyOf(script, clock.random())];
    const now = performance.now() - startedAt;
    if (script.outages.some(({ afterMs, forMs }) => now >= afterMs && now < afterMs + forMs)) return void response.writeHead(503).end();
    setTimeout(() => reply(response, actOf(script, what), request.url ?? "/"), latencyMs);
  });
  await new Promise<void>((resolve) => void server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const acts = ["errors", "busy", "stalls", "resets", "slowBodies"] as const;
type Act = (typeof acts)[number] | "answers";

function actOf(script: Temper, drawn: number): Act {
  let below = 0;
  for (const act of acts) {
    below += script[act];
    if (drawn < below) return act;
  }
  return "answers";
}

/** Log-normal, by its median and its 99th percentile. */
function latencyOf({ medianMs, slowMs }: Temper, drawn: number): number {
  if (medianMs === 0) return 0;
  const sigma = Math.log(Math.max(slowMs, medianMs) / medianMs) / 2.326;
  // The quantile of the normal distribution, to three digits: Tukey's lambda.
  const normal = 4.91 * (drawn ** 0.14 - (1 - drawn) ** 0.14);
  return medianMs * Math.exp(sigma * normal);
}

function reply(response: ServerResponse, act: Act, url: string): void {
  if (response.destroyed || act === "stalls") return;
  if (act === "errors") return void response.writeHead(500).end();
  if (act === "busy") return void response.writeHead(429, { "retry-after": "1" }).end();
  if (act === "resets") return void response.socket?.resetAndDestroy();
  const body = JSON.stringify({ url });
  if (act === "answers") return void response.writeHead(200, { "content-type": "application/json" }).end(body);
  response.writeHead(200, { "content-type": "application/json" });
  let sent = 0;
  const timer = setInterval(() => (sent < body.length ? response.write(body[sent++]) : response.end()), 100);
  response.once("close", () => clearInterval(timer));
}

if (import.meta.main) {
  const { TEMPER = "{}", PORT = "4000", SEED = "1" } = process.env;
  const { url } = await startUpstream(Temper.parse(JSON.parse(TEMPER)), { port: Number(PORT), seed: Number(SEED) });
  console.log(`The upstream runs at ${url}`);
}
