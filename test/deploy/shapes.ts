import type { DeployedRoute } from "../../src/deploy/routes.ts";
import { type DeploymentOptions, type DeploymentShape, shapeOf } from "../../src/deploy/shape.ts";

const common = { deadlineMs: 1_500, reads: true, lasts: false } as const;
/** Routes of every sort, in an order in which the first match would be wrong. */
const routes: readonly DeployedRoute[] = [
  { ...common, operation: "orders.read", verb: "GET", path: "/v1/orders/{id}" },
  { ...common, operation: "orders.export", verb: "GET", path: "/v1/orders/export.csv", lasts: true },
  { ...common, operation: "orders.place", verb: "POST", path: "/v1/orders", reads: false, deadlineMs: 4_000 },
  { ...common, operation: "orders.follow", verb: "GET", path: "/v1/orders/{id}/events", lasts: true },
];

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
  { name: "shop", host: "shop.example", maxConnections: 300, routes },
  { name: "shop", host: "shop.example", maxConnections: 300, mesh: "istio", routes },
  { name: "inner", worker: true, strategy: "canary", maxConnections: 500, mesh: "istio" },
  { name: "a", image: "ghcr.io/org/a", entry: "dist/main.js", maxConnections: 300 },
];

/** Says of a shape what is particular in it. */
export function titleOf(one: DeploymentOptions): string {
  return JSON.stringify(one).replaceAll('"', "").slice(1, -1);
}

/** The shape that faults are planted in. */
export const planted: DeploymentShape = shapeOf({ name: "shop", host: "shop.example", maxConnections: 300 });

/** The same with routes that last, and in a mesh. */
export const plantedRoutes: DeploymentShape = shapeOf({ name: "shop", host: "shop.example", maxConnections: 300, routes });
export const plantedMesh: DeploymentShape = shapeOf({ name: "shop", host: "shop.example", maxConnections: 300, routes, mesh: "istio" });
