import type { IHTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute";
import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import type { IService } from "kubernetes-models/v1";
import { hasParameters, lasting, pathPattern, routerSeconds } from "../routes.ts";
import type { DeploymentShape, RoleShape } from "../shape.ts";
import type { Comment, Manifest } from "../yaml.ts";
import { labelsOf, nameOf, selectorOf } from "./names.ts";

/** The address of a role inside the cluster. `track`: to which set of processes it leads. */
export function service(shape: DeploymentShape, role: RoleShape, track?: "blue" | "green"): Manifest {
  const object: IService = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: nameOf(shape, role), labels: labelsOf(shape, role.role) },
    spec: {
      type: "ClusterIP",
      selector: { ...selectorOf(shape, role.role), ...(track !== undefined && { "plimsoll.dev/track": track }) },
      ports: [{ name: "http", port: 80, targetPort: "http", protocol: "TCP" }],
    },
  };
  return { object, comments: [[["spec", "ports", 0, "targetPort"], "the ops port is not here: only the cluster's monitoring reaches it"]] };
}

/** Who may reach the processes, and whom they may reach. */
export function networkPolicy(shape: DeploymentShape): Manifest {
  const { name, port, opsPort, usesRedis } = shape;
  const dns = {
    ports: [
      { port: 53, protocol: "UDP" as const },
      { port: 53, protocol: "TCP" as const },
    ],
  };
  const to = (target: number) => ({ ports: [{ port: target, protocol: "TCP" as const }] });
  const object: INetworkPolicy = {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, labels: labelsOf(shape, "network") },
    spec: {
      podSelector: { matchLabels: { "app.kubernetes.io/name": name } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        { ports: [{ port, protocol: "TCP" }] },
        {
          from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } }],
          ports: [{ port: opsPort, protocol: "TCP" }],
        },
      ],
      egress: [dns, to(5_432), ...(usesRedis ? [to(6_379)] : []), to(4_318), to(443)],
    },
  };
  return {
    object,
    comments: [
      [["spec", "ingress", 1, "ports", 0, "port"], "the ops port: probes come from the node, metrics from the namespace of the monitoring"],
      [["spec", "egress", 1, "ports", 0, "port"], "PostgreSQL"],
      [["spec", "egress", usesRedis ? 3 : 2, "ports", 0, "port"], "the collector of traces, metrics and logs"],
      [["spec", "egress", usesRedis ? 4 : 3, "ports", 0, "port"], "upstreams over TLS"],
    ],
  };
}

type Match = NonNullable<NonNullable<NonNullable<IHTTPRoute["spec"]>["rules"]>[number]["matches"]>[number];

/** How many matches a rule of the Gateway API may have. */
const matchesMax = 64;

/** The way in from outside, by the Gateway API. */
export function httpRoute(shape: DeploymentShape, role: RoleShape, host: string): Manifest {
  const backendRefs = [{ name: nameOf(shape, role), port: 80 }];
  const long = lasting(shape).map(
    ({ verb, path }): Match => ({
      method: verb,
      path: hasParameters(path) ? { type: "RegularExpression", value: pathPattern(path) } : { type: "Exact", value: path },
    }),
  );
  const parts = Array.from({ length: Math.ceil(long.length / matchesMax) }, (_, nth) =>
    long.slice(nth * matchesMax, (nth + 1) * matchesMax),
  );
  const object: IHTTPRoute = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: shape.name, labels: labelsOf(shape, "route") },
    spec: {
      parentRefs: [{ name: "gateway", namespace: "gateway" }],
      hostnames: [host],
      rules: [
        ...parts.map((matches) => ({ matches, timeouts: { request: "0s" }, backendRefs }) as const),
        {
          matches: [{ path: { type: "PathPrefix", value: "/" } }],
          timeouts: { request: `${routerSeconds(shape)}s` },
          backendRefs,
        },
      ],
    },
  };
  const { value, from } = shape.longestDeadlineMs;
  const at = (nth: number) => ["spec", "rules", nth, "timeouts", "request"];
  return {
    object,
    comments: [
      ...parts.map(
        (_, nth): Comment => [at(nth), "none: streams and downloads last as long as their clients read, within the limits of the app"],
      ),
      [at(parts.length), `the longest deadline of ${value} ms (${from}) and two seconds, so that the app refuses first`],
    ],
  };
}

/** What Prometheus reads of every process. */
export function serviceMonitor(shape: DeploymentShape): Manifest {
  const object = {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata: { name: shape.name, labels: labelsOf(shape, "monitor") },
    spec: {
      selector: { matchLabels: { "app.kubernetes.io/name": shape.name } },
      podMetricsEndpoints: [
        {
          ...{ port: "ops", path: "/metrics", interval: "15s", scrapeTimeout: "10s" },
          authorization: { type: "Bearer", credentials: { name: `${shape.name}-ops`, key: "token" } },
        },
      ],
    },
  };
  return {
    object,
    comments: [[["spec", "podMetricsEndpoints", 0, "interval"], "four samples in the shortest window of an alert, one minute"]],
  };
}
