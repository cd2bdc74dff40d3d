import type { IDestinationRule } from "@kubernetes-models/istio/networking.istio.io/v1/DestinationRule";
import type { IVirtualService } from "@kubernetes-models/istio/networking.istio.io/v1/VirtualService";
import type { IAuthorizationPolicy } from "@kubernetes-models/istio/security.istio.io/v1/AuthorizationPolicy";
import type { IPeerAuthentication } from "@kubernetes-models/istio/security.istio.io/v1/PeerAuthentication";
import { labelsOf, nameOf } from "../kubernetes/names.ts";
import { bySpecificity, type DeployedRoute, hasParameters, pathPattern, routerSeconds, waitSeconds } from "../routes.ts";
import type { DeploymentShape, RoleShape } from "../shape.ts";
import type { Comment, Manifest } from "../yaml.ts";

/** What may be sent again whatever it was: it never reached a handler. */
const unsent = "connect-failure,refused-stream";
/** What may be sent again where it only reads: the connection may have broken behind the handler. */
const read = `${unsent},reset`;

/** What Istio holds callers and processes to, from what the operations declare. */
export function istioManifests(shape: DeploymentShape, serving: RoleShape): readonly Manifest[] {
  return [peerAuthentication(shape), authorizationPolicy(shape), destinationRule(shape, serving), virtualService(shape, serving)];
}

/** Who may connect: members of the mesh, by their certificates. */
function peerAuthentication(shape: DeploymentShape): Manifest {
  const object: IPeerAuthentication = {
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: { name: shape.name, labels: labelsOf(shape, "mesh") },
    spec: {
      selector: { matchLabels: { "app.kubernetes.io/name": shape.name } },
      mtls: { mode: "STRICT" },
      portLevelMtls: { [String(shape.opsPort)]: { mode: "PERMISSIVE" } },
    },
  };
  return {
    object,
    comments: [
      [
        ["spec", "portLevelMtls", String(shape.opsPort), "mode"],
        "the ops port has a token of its own, and Prometheus may stand outside the mesh",
      ],
    ],
  };
}

/** Which port a caller may reach. What each route asks of its caller, the app itself decides. */
function authorizationPolicy(shape: DeploymentShape): Manifest {
  const object: IAuthorizationPolicy = {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: shape.name, labels: labelsOf(shape, "mesh") },
    spec: {
      selector: { matchLabels: { "app.kubernetes.io/name": shape.name } },
      action: "ALLOW",
      rules: [
        { to: [{ operation: { ports: [String(shape.port)] } }] },
        { to: [{ operation: { ports: [String(shape.opsPort)], paths: opsPaths } }] },
      ],
    },
  };
  return {
    object,
    comments: [
      [
        ["spec", "rules", 1, "to", 0, "operation", "paths"],
        "nothing that pauses a queue or requeues a task: that takes a port-forward and the token",
      ],
    ],
  };
}

/** What probes and Prometheus read of the ops port. */
const opsPaths: string[] = ["/livez", "/readyz", "/metrics"];

/** How callers in the mesh spread what they send, and when they leave a process out. */
function destinationRule(shape: DeploymentShape, role: RoleShape): Manifest {
  const object: IDestinationRule = {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: nameOf(shape, role), labels: labelsOf(shape, "mesh") },
    spec: {
      host: nameOf(shape, role),
      trafficPolicy: {
        loadBalancer: { simple: "LEAST_REQUEST" },
        connectionPool: { tcp: { connectTimeout: "1s" } },
        retryBudget: { percent: 10, minRetryConcurrency: 3 },
        outlierDetection: {
          splitExternalLocalOriginErrors: true,
          consecutiveLocalOriginFailures: 5,
          consecutive5xxErrors: 0,
          consecutiveGatewayErrors: 0,
          interval: "2s",
          baseEjectionTime: "5s",
          maxEjectionPercent: 50,
        },
      },
    },
  };
  const at = ["spec", "trafficPolicy"];
  return {
    object,
    comments: [
      [
        [...at, "retryBudget", "percent"],
        "a tenth of what is sent, as the platform's own retries: more would be a second load in an outage",
      ],
      [[...at, "outlierDetection", "consecutiveLocalOriginFailures"], "connections that fail"],
      [
        [...at, "outlierDetection", "consecutive5xxErrors"],
        "off: a 503 of the app refuses load, and to leave the process out would move its load to the others",
      ],
      [[...at, "outlierDetection", "consecutiveGatewayErrors"], "off, for the same reason"],
      [[...at, "outlierDetection", "maxEjectionPercent"], "half of the processes carry the load at the most that an outlier may cost"],
    ],
  };
}

/** Where requests go, how long a proxy waits for each route, and what it may send again. */
function virtualService(shape: DeploymentShape, role: RoleShape): Manifest {
  const service = nameOf(shape, role);
  const routes = bySpecificity(shape.routes);
  const to = [{ destination: { host: service, port: { number: 80 } } }];
  const object: IVirtualService = {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: service, labels: labelsOf(shape, "mesh") },
    spec: {
      hosts: [service, ...(shape.host === undefined ? [] : [shape.host])],
      gateways: ["mesh", ...(shape.host === undefined ? [] : ["gateway/gateway"])],
      http: [
        ...routes.map((each) => ({
          name: `${each.operation}-${each.verb.toLowerCase()}`,
          match: [matchOf(each)],
          ...treatment(each),
          route: to,
        })),
        { name: "others", timeout: `${routerSeconds(shape)}s`, retries: { attempts: 1, retryOn: unsent }, route: to },
      ],
    },
  };
  return { object, comments: routeComments(shape, routes) };
}

function matchOf({ verb, path }: DeployedRoute) {
  return { method: { exact: verb }, uri: hasParameters(path) ? { regex: pathPattern(path) } : { exact: path } };
}

function treatment({ deadlineMs, lasts, reads }: DeployedRoute) {
  return {
    timeout: lasts ? "0s" : `${waitSeconds(deadlineMs)}s`,
    retries: reads ? { attempts: 2, retryOn: read } : { attempts: 1, retryOn: unsent },
  };
}

function routeComments(shape: DeploymentShape, routes: readonly DeployedRoute[]): readonly Comment[] {
  const { value, from } = shape.longestDeadlineMs;
  return [
    ...routes.map(
      (each, index): Comment => [
        ["spec", "http", index, "timeout"],
        each.lasts
          ? "none: it lasts as long as its client reads, within the limits of the app"
          : `the deadline of ${each.deadlineMs} ms, and two seconds, so that the app refuses first`,
      ],
    ),
    [["spec", "http", routes.length, "timeout"], `the longest deadline of ${value} ms (${from}), and two seconds`],
    [
      ["spec", "http", routes.length, "retries", "retryOn"],
      "only what never reached a handler: without a list, a proxy may send a write twice",
    ],
  ];
}
