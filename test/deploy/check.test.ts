// Each fault is planted in files that have none, and found by its name, at its place, alone.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkDeployment, rules } from "../../src/deploy/check/check.ts";
import { deploymentFiles } from "../../src/deploy/files.ts";
import type { DeploymentShape } from "../../src/deploy/shape.ts";
import { planted, plantedMesh, plantedRoutes } from "./shapes.ts";

const app = "deploy/kubernetes/prod/30-app.yaml";
const account = "deploy/kubernetes/prod/10-account.yaml";
const migrate = "deploy/kubernetes/prod/20-migrate.yaml";
const route = "deploy/kubernetes/prod/40-route.yaml";
const docker = "deploy/Dockerfile";

type Fault = readonly [rule: string, file: string, from: string | RegExp, to: string, also?: readonly string[]];

const more = (text: string): string => `---\n${text.trim()}\n`;

const faults: readonly Fault[] = [
  [
    "yaml-unreadable",
    app,
    "kind: Deployment",
    "kind: [Deployment",
    ["service-selects-nothing", "disruption-budget-unused", "scaler-without-target"],
  ],
  ["grace-too-short", app, /terminationGracePeriodSeconds: 45/, "terminationGracePeriodSeconds: 30"],
  ["grace-too-short", app, / +terminationGracePeriodSeconds: 45.*\n/, ""],
  ["probes-alike", app, "path: /readyz", "path: /livez"],
  [
    "liveness-asks-readiness",
    app,
    /livenessProbe:\n( +)httpGet:\n( +)path: \/livez/,
    "livenessProbe:\n$1httpGet:\n$2path: /readyz",
    ["probes-alike"],
  ],
  ["readiness-missing", app, "readinessProbe:", "ignoredProbe:"],
  ["liveness-missing", app, "livenessProbe:", "ignoredProbe:"],
  ["readiness-too-slow", app, /periodSeconds: 2 .*/, "periodSeconds: 10"],
  ["signal-swallowed", app, "- node\n", "- npm\n"],
  ["signal-swallowed", app, "- node\n", "- /bin/sh\n"],
  [
    "migrations-in-replicas",
    app,
    "      containers:\n",
    "      initContainers:\n        - name: migrate\n          image: a:1\n      containers:\n",
  ],
  ["migration-restarts", migrate, "restartPolicy: Never", "restartPolicy: OnFailure"],
  ["migration-restarts", migrate, /activeDeadlineSeconds: 1800.*/, "suspend: false"],
  ["strategy-stops-all", app, "type: RollingUpdate", "type: Recreate"],
  ["strategy-stops-all", app, "maxUnavailable: 0", "maxUnavailable: 100%"],
  ["selector-misses-template", app, "        plimsoll.dev/track: stable\n    spec", "        plimsoll.dev/track: other\n    spec"],
  [
    ...(["selectors-overlap", app, "---\napiVersion: autoscaling/v2"] as const),
    `${more(`
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop-canary }
spec:
  selector: { matchLabels: { app.kubernetes.io/name: shop } }
  template:
    metadata: { labels: { app.kubernetes.io/name: shop, app.kubernetes.io/component: all } }
    spec: { automountServiceAccountToken: false, affinity: { podAntiAffinity: {} }, terminationGracePeriodSeconds: 45, containers: [] }`)}---\napiVersion: autoscaling/v2`,
  ],
  ["one-place", app, /topologySpreadConstraints:|podAntiAffinity:/g, "removed:"],
  ["connections-exceeded", app, /maxReplicas: 9.*/, "maxReplicas: 40"],
  [
    ...(["scalers-fight", app, "---\napiVersion: policy/v1"] as const),
    `${more(`
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: second }
spec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: shop }, minReplicas: 2, maxReplicas: 3, metrics: [{ type: Resource, resource: { name: cpu } }] }`)}---\napiVersion: policy/v1`,
  ],
  ["scaler-without-target", app, "kind: Deployment\n    name: shop", "kind: Deployment\n    name: shopp", ["one-replica"]],
  ["replicas-fixed", app, "  revisionHistoryLimit: 5", "  replicas: 3\n  revisionHistoryLimit: 5"],
  ["one-replica", app, /minReplicas: 3.*/, "minReplicas: 1", ["drain-blocked"].slice(1)],
  ["scaler-without-metric", app, "metrics:", "ignored:"],
  [
    "scaler-without-metric",
    app,
    /metrics:\n[\s\S]*?behavior:/,
    "metrics:\n    - type: Resource\n      resource: { name: memory, target: { type: Utilization, averageUtilization: 70 } }\n  behavior:",
  ],
  ["scaler-inverted", app, /maxReplicas: 9.*/, "maxReplicas: 2"],
  ["drain-blocked", app, /maxUnavailable: 1 .*/, "minAvailable: 3"],
  ["drain-blocked", app, /maxUnavailable: 1 .*/, "minAvailable: 100%"],
  ["drain-blocked", app, /maxUnavailable: 1 .*/, "maxUnavailable: 0"],
  [
    "disruption-budget-unused",
    app,
    /(kind: PodDisruptionBudget[\s\S]*?matchLabels:\n +app.kubernetes.io\/name: )shop/,
    "$1other",
    ["disruption-budget-missing"],
  ],
  ["disruption-budget-missing", app, "kind: PodDisruptionBudget", "kind: ConfigMap"],
  ["version-removed", app, "apiVersion: autoscaling/v2", "apiVersion: autoscaling/v2beta2"],
  ["version-removed", app, "apiVersion: policy/v1", "apiVersion: policy/v1beta1"],
  ["named-twice", account, /^([\s\S]*?)---/, "$1---\n$1---"],
  ["ops-port-served", app, "targetPort: http", "targetPort: ops"],
  ["service-on-nodes", app, "type: ClusterIP", "type: NodePort"],
  ["service-selects-nothing", app, /(type: ClusterIP\n +selector:\n +app.kubernetes.io\/name: )shop/, "$1other"],
  ["service-port-unknown", app, "targetPort: http", "targetPort: web"],
  ["router-gives-up", route, /request: 32s.*/, "request: 15s"],
  ["router-gives-up", route, /timeouts:/, "ignored:"],
  [
    ...(["ingress-gives-up", route, "apiVersion: gateway"] as const),
    `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: old\n  annotations: { nginx.ingress.kubernetes.io/proxy-read-timeout: "20" }\nspec: {}\n${more("apiVersion: gateway")}`.replace(
      /\n$/,
      "",
    ),
  ],
  ["route-leads-nowhere", route, /(backendRefs:\n +- name: )shop/, "$1shopp"],
  ["network-open", account, /(podSelector:\n +matchLabels:\n +app.kubernetes.io\/name: )shop/, "$1other"],
  ["ops-port-open", account, "    - from:", "    - ignored:"],
  ["image-untagged", app, /image: registry.example\/shop:0.1.0/, "image: registry.example/shop:latest"],
  ["image-untagged", app, /image: registry.example\/shop:0.1.0/, "image: registry.example:5000/shop"],
  ["runs-as-root", app, /runAsUser: 10001/g, "runAsUser: 0"],
  ["runs-as-root", app, /runAs(User|NonRoot)/g, "unset$1"],
  ["privileged", app, "privileged: false", "privileged: true"],
  ["root-writable", app, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"],
  ["gains-rights", app, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"],
  ["memory-unbounded", app, /(limits:\n +cpu: "2"\n +)memory: 512Mi.*/, "$1other: 512Mi"],
  ["memory-overcommitted", app, /(requests:\n +cpu: "1" .*\n +)memory: 512Mi/, "$1memory: 128Mi"],
  ["heap-beyond-memory", app, /--max-old-space-size=384/, "--max-old-space-size=512"],
  ["heap-beyond-memory", app, / +- --max-old-space-size=384.*\n/, ""],
  ["cpu-not-a-core", app, /cpu: "1" .*/, 'cpu: "100m"'],
  ["cpu-not-a-core", app, /cpu: "1" .*/, 'cpu: "4"'],
  [
    "secret-in-clear",
    app,
    "            - name: PORT",
    "            - name: JWT_SECRET\n              value: abc\n            - name: PORT",
  ],
  [
    "secret-in-clear",
    app,
    "            - name: PORT",
    "            - name: DATABASE_URL\n              value: postgres://app:hunter2@db/app\n            - name: PORT",
  ],
  ["owner-in-app", app, "name: shop-app", "name: shop-owner"],
  ["not-production", app, "value: production", "value: development"],
  ["token-mounted", app, "automountServiceAccountToken: false", "automountServiceAccountToken: true"],
  ["on-the-host", app, "      automountServiceAccountToken: false", "      automountServiceAccountToken: false\n      hostNetwork: true"],
  ["on-the-host", app, /emptyDir:\n +sizeLimit: 256Mi/, "hostPath: { path: /var }"],
  ["docker-image-untagged", docker, "FROM node:24.16-slim AS packages", "FROM node AS packages"],
  ["docker-root", docker, "USER 10001:10001\n", ""],
  ["docker-root", docker, "USER 10001:10001", "USER root"],
  ["docker-shell-form", docker, /CMD \["node", "--max[\s\S]*/, "CMD node src/main.ts\n"],
  ["docker-shell-form", docker, /CMD \["node", "--max[\s\S]*/, 'CMD ["npm", "start"]\n'],
  ["docker-dev-dependencies", docker, "--omit=dev ", ""],
  ["docker-scripts-run", docker, "--ignore-scripts ", ""],
  ["docker-secret", docker, "ENV NODE_ENV=production", "ENV NODE_ENV=production\nENV JWT_SECRET=abc"],
];

const mesh = "deploy/kubernetes/prod/40-mesh.yaml";
const wayIn: readonly (readonly [shape: DeploymentShape, faults: readonly Fault[]])[] = [
  [
    plantedMesh,
    [
      ["mesh-sends-twice", mesh, /(name: others[\s\S]*?)retryOn: connect-failure,refused-stream.*/, "$1retryOn: connect-failure, 5xx"],
      ["mesh-sends-twice", mesh, /(name: others[\s\S]*?)retryOn: connect-failure,refused-stream.*/, "$1perTryTimeout: 1s"],
      [
        "mesh-sends-twice",
        mesh,
        /(name: orders.place-post[\s\S]*?)retryOn: connect-failure,refused-stream/,
        "$1retryOn: connect-failure,reset",
      ],
      ["mesh-sends-twice", mesh, /(name: orders.read-get\n +match:\n +- )method:\n +exact: GET\n +/, "$1"],
      ["mesh-gives-up", mesh, /(name: orders.place-post[\s\S]*?)timeout: 6s/, "$1timeout: 4s"],
      ["mesh-gives-up", mesh, /(name: others[\s\S]*?)timeout: 32s/, "$1timeout: 15s"],
      ["mesh-ejects-refusals", mesh, /consecutive5xxErrors: 0.*/, "consecutive5xxErrors: 5"],
      ["mesh-ejects-refusals", mesh, /consecutiveGatewayErrors: 0.*/, "consecutiveGatewayErrors: 5"],
      ["mesh-ejects-refusals", mesh, / +consecutive5xxErrors: 0.*\n/, ""],
      ["mesh-unencrypted", mesh, "mode: STRICT", "mode: PERMISSIVE"],
      ["router-cuts-streams", mesh, /(name: orders.follow-get[\s\S]*?)timeout: 0s/, "$1timeout: 60s"],
      // In another order, the route with a parameter takes what the file was meant for.
      ["router-cuts-streams", mesh, /(exact: )\/v1\/orders\/export\.csv/, "$1/v1/orders/exported.csv"],
    ],
  ],
  [
    plantedRoutes,
    [
      ["router-cuts-streams", route, /request: 0s/, "request: 60s"],
      ["router-cuts-streams", route, /type: Exact\n( +)value: \/v1\/orders\/export.csv/, "type: PathPrefix\n$1value: /v1/orders/exported"],
      ["router-cuts-streams", route, "/v1/orders/[^/]+/events", "/v1/orders/[^/+/events"],
    ],
  ],
];

const files = deploymentFiles(planted);

describe("the check of a deployment", () => {
  it("finds nothing in what was written", () => {
    assert.deepEqual(checkDeployment(files, planted), []);
  });

  const all = [[planted, faults] as const, ...wayIn].flatMap(([shape, some]) => some.map((fault) => [shape, fault] as const));
  for (const [shape, [rule, file, from, to, also = []]] of all)
    it(`finds ${rule}, planted as ${JSON.stringify(to).slice(0, 60)}`, () => {
      const written = deploymentFiles(shape);
      const text = written.get(file) ?? "";
      const changed = text.replace(from, to);
      assert.notEqual(changed, text, `nothing was planted: ${from}`);
      const found = checkDeployment(new Map(written).set(file, changed), shape);
      assert.deepEqual(
        [...new Set(found.map((one) => one.rule))].toSorted(),
        [rule, ...also].toSorted(),
        JSON.stringify(found, undefined, 1),
      );
      for (const one of found) {
        assert.ok(one.line >= 1 && one.line <= changed.split("\n").length, `line ${one.line}`);
        for (const { en, zh } of [one.message, one.fix]) {
          assert.ok(en.length > 10 && !/\p{Script=Han}/u.test(en), en);
          assert.ok(/\p{Script=Han}/u.test(zh), zh);
          // What a text names, it names in both languages.
          const names = (text: string) => text.match(/\d+(?:\.\d+)*|--[a-z-]+/g)?.toSorted() ?? [];
          assert.deepEqual(names(zh), names(en), `${zh} | ${en}`);
        }
      }
    });

  it("has no rule without a fault that it finds", () => {
    const named = new Set(all.map(([, [rule]]) => rule));
    assert.deepEqual(
      rules.map(({ name }) => name).filter((name) => !named.has(name)),
      [],
    );
    assert.ok(named.size >= 40, `${named.size} rules`);
  });

  it("says the line of the value", () => {
    const text = (files.get(app) ?? "").replace(/terminationGracePeriodSeconds: 45/, "terminationGracePeriodSeconds: 20");
    const [found] = checkDeployment(new Map(files).set(app, text), planted);
    assert.match(text.split("\n")[(found?.line ?? 0) - 1] ?? "", /terminationGracePeriodSeconds: 20/);
  });

  it("reads files that are no objects, and objects that have nothing, without a fault of its own", () => {
    const odd = [
      "",
      "---\n",
      "a",
      "[1, 2]",
      "kind: Deployment",
      "kind: Service\nspec:\n",
      "kind: HTTPRoute\nspec: 5",
      "kind: HTTPRoute\nspec: { rules: [null, { matches: [null] }] }",
      "kind: VirtualService\nspec: { http: [null, { match: [null], retries: 5, timeout: [] }] }",
      "kind: VirtualService\nspec: { http: [{ match: [{ uri: { regex: '(' } }] }] }",
      "kind: DestinationRule\nspec: { trafficPolicy: { outlierDetection: null } }",
      "kind: PeerAuthentication\nspec: null",
      "kind: Job\nspec: { template: null }",
      "apiVersion: 7\nkind: NetworkPolicy\nspec: { ingress: [null] }",
      "kind: HorizontalPodAutoscaler\nspec: { metrics: [null] }",
      "kind: Deployment\nspec: { template: { spec: { containers: [null, 5, {}], volumes: [null], initContainers: [null] } } }",
    ];
    for (const text of odd) assert.ok(Array.isArray(checkDeployment(new Map([["k/prod/a.yaml", text]]), plantedMesh)), text);
  });
});
