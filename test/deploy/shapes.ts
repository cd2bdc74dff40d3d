import { type DeploymentOptions, type DeploymentShape, shapeOf } from "../../src/deploy/shape.ts";

/** Deployments that differ in all that the writer branches on. */
export const options: readonly DeploymentOptions[] = [
  { name: "shop", maxConnections: 300 },
  { name: "shop", worker: true, host: "shop.example", maxConnections: 400 },
  { name: "shop", redis: true, host: "shop.example", maxConnections: 300 },
  { name: "pay", strategy: "canary", host: "pay.example", maxConnections: 300 },
  { name: "pay", strategy: "canary", worker: true, redis: true, maxConnections: 500 },
  { name: "ingest", strategy: "blue-green", replicas: 6, most: 12, pool: 8, maxConnections: 400 },
  { name: "ingest", strategy: "blue-green", worker: true, host: "in.example", pool: 4, maxConnections: 300 },
  { name: "tiny", replicas: 2, most: 2, memoryMb: 256, pool: 4, port: 8_080, opsPort: 8_081 },
  {
    name: "slow-reports",
    longestDeadlineMs: 300_000,
    shutdownMs: 300_000,
    shutdownDelayMs: 20_000,
    version: "2.10.0-rc.1",
    maxConnections: 300,
  },
  { name: "a", image: "ghcr.io/org/a", entry: "dist/main.js", maxConnections: 300 },
];

/** Says of a shape what is particular in it. */
export function titleOf(one: DeploymentOptions): string {
  return JSON.stringify(one).replaceAll('"', "").slice(1, -1);
}

/** The shape that faults are planted in. */
export const planted: DeploymentShape = shapeOf({ name: "shop", host: "shop.example", maxConnections: 300 });
