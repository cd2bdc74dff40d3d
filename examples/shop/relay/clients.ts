import { resource } from "plimsoll";
import { breaker, compose, decorrelated, retry, retryBudget } from "plimsoll/resilience";
import { type HttpClient, httpClients } from "plimsoll/upstream";

/** Clients of the upstreams that may be fetched from, by their names. */
export type Upstreams = Readonly<Record<string, HttpClient<"once" | "repeats">>>;

/** The composition root provides them. */
export const upstreams = resource<Upstreams>("relay.upstreams");

/** Where the upstreams are: their base URLs by name, and the networks beside the public one that they may be in. */
export interface UpstreamPlaces {
  readonly urls: Readonly<Record<string, string>>;
  readonly allow: readonly string[];
}

/** Attempts of one fetch. */
const attempts = 3;

/** Makes the clients. Each has its own connections, retry budget and breaker, so that one that fails takes nothing from the others. */
export function relayClients({ urls, allow }: UpstreamPlaces) {
  const one = (baseUrl: string) => ({
    ...{ baseUrl, allow, timeout: "2s" as const, connections: 256, queue: 512, replyBytes: 65_536 },
    policy: compose(
      retry({ attempts, backoff: decorrelated("5ms", { max: "50ms" }), budget: retryBudget({ ratio: 0.2, reserve: 20 }) }),
      breaker({ consecutive: false }),
    ),
  });
  return httpClients("relay.upstreams", Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, one(url)])));
}
