import { graceSeconds } from "../shape.ts";
import { containersOf, type Loose, matches, podOf } from "./placed.ts";
import { each, ofKind, type Rule } from "./rule.ts";

const deployments = ["Deployment"];
const workloads = ["Deployment", "StatefulSet", "Job"];
const pod = ["spec", "template", "spec"];
const atContainer = (index: number, ...path: readonly (string | number)[]) => [...pod, "containers", index, ...path];
const probe = (container: Loose, name: string): string =>
  JSON.stringify([container[name]?.httpGet, container[name]?.exec, container[name]?.tcpSocket]);

/** Rules on how processes start, are watched and end. */
export const workloadRules: readonly Rule[] = [
  each(
    deployments,
    { name: "grace-too-short", fix: "Set terminationGracePeriodSeconds to shutdownDelay and shutdown together, and five seconds more." },
    function* (object, { shape }) {
      const grace = Number(podOf(object)?.terminationGracePeriodSeconds ?? 30);
      const least = graceSeconds(shape);
      if (grace < least)
        yield {
          path: [...pod, "terminationGracePeriodSeconds"],
          message: `it is killed ${grace} s after SIGTERM, and needs ${least} s to finish what runs.`,
        };
    },
  ),
  each(deployments, { name: "probes-alike", fix: "Probe /readyz for readiness and /livez for liveness." }, function* (object) {
    for (const [index, container] of containersOf(object).entries())
      if (container.readinessProbe !== undefined && probe(container, "readinessProbe") === probe(container, "livenessProbe"))
        yield {
          path: atContainer(index, "livenessProbe"),
          message: "both probes ask the same, so that a database that is away restarts every replica.",
        };
  }),
  each(deployments, { name: "liveness-asks-readiness", fix: "Probe /livez for liveness." }, function* (object) {
    for (const [index, container] of containersOf(object).entries())
      if (container.livenessProbe?.httpGet?.path === "/readyz")
        yield {
          path: atContainer(index, "livenessProbe"),
          message: "liveness asks /readyz, which fails while the database is away: a restart does not bring it back.",
        };
  }),
  each(
    deployments,
    { name: "readiness-missing", fix: "Add readinessProbe: { httpGet: { path: /readyz, port: ops } }." },
    function* (object) {
      for (const [index, container] of containersOf(object).entries())
        if (container.readinessProbe === undefined)
          yield { path: atContainer(index), message: "it gets requests before it is ready, and while it stops." };
    },
  ),
  each(deployments, { name: "liveness-missing", fix: "Add livenessProbe: { httpGet: { path: /livez, port: ops } }." }, function* (object) {
    for (const [index, container] of containersOf(object).entries())
      if (container.livenessProbe === undefined) yield { path: atContainer(index), message: "a process whose loop hangs stays for ever." };
  }),
  each(
    deployments,
    { name: "readiness-too-slow", fix: "Lower periodSeconds or failureThreshold, or raise shutdownDelay." },
    function* (object, { shape }) {
      for (const [index, { readinessProbe }] of containersOf(object).entries()) {
        if (readinessProbe === undefined) continue;
        const seen = Number(readinessProbe.periodSeconds ?? 10) * Number(readinessProbe.failureThreshold ?? 3) * 1_000;
        if (seen > shape.shutdownDelayMs.value)
          yield {
            path: atContainer(index, "readinessProbe"),
            message: `that it stops is seen after ${seen} ms, and its port closes after ${shape.shutdownDelayMs.value} ms: requests are refused in between.`,
          };
      }
    },
  ),
  each(workloads, { name: "signal-swallowed", fix: 'Start node itself: command: ["node", "src/main.ts"].' }, function* (object) {
    for (const [index, container] of containersOf(object).entries()) {
      const [first = ""] = [...(container.command ?? []), ...(container.args ?? [])].map(String);
      if (/(^|\/)(sh|bash|npm|npx|yarn|pnpm)$/.test(first))
        yield {
          path: atContainer(index, "command"),
          message: `${first} is the first process, and does not pass SIGTERM on: what runs is cut.`,
        };
    }
  }),
  each(deployments, { name: "migrations-in-replicas", fix: "Run the migrations as a Job before the rollout." }, function* (object) {
    const inits: readonly Loose[] = podOf(object)?.initContainers ?? [];
    for (const [index, container] of inits.entries())
      if (/migrat/i.test(JSON.stringify([container?.name, container?.command, container?.args])))
        yield {
          path: [...pod, "initContainers", index],
          message: "every replica runs the migrations when it starts, with the owner's rights.",
        };
  }),
  each(
    ["Job"],
    { name: "migration-restarts", fix: "Set restartPolicy: Never, backoffLimit and activeDeadlineSeconds." },
    function* (object) {
      if (
        podOf(object)?.restartPolicy !== "Never" ||
        object.value.spec?.backoffLimit === undefined ||
        object.value.spec?.activeDeadlineSeconds === undefined
      )
        yield { path: ["spec"], message: "a migration that fails is tried again without an end, or hangs without one." };
    },
  ),
  each(deployments, { name: "strategy-stops-all", fix: "Use RollingUpdate with maxUnavailable: 0." }, function* (object) {
    const { type: how, rollingUpdate } = object.value.spec?.strategy ?? {};
    if (how === "Recreate" || rollingUpdate?.maxUnavailable === "100%")
      yield { path: ["spec", "strategy"], message: "a rollout stops all replicas before one of the new version is ready." };
  }),
  each(deployments, { name: "selector-misses-template", fix: "Give the template all labels of the selector." }, function* (object) {
    if (!matches(object.value.spec?.selector?.matchLabels, object.value.spec?.template?.metadata?.labels))
      yield { path: ["spec", "selector"], message: "its selector does not match its own pods." };
  }),
  {
    ...{ name: "selectors-overlap", fix: "Give each Deployment a label of its own in its selector and template." },
    *find(cluster) {
      const found = ofKind(cluster, "Deployment");
      for (const at of found)
        for (const other of found)
          if (other !== at && matches(at.value.spec?.selector?.matchLabels, other.value.spec?.template?.metadata?.labels))
            yield { at, path: ["spec", "selector"], message: `its selector matches the pods of ${other.name} too.` };
    },
  },
  each(deployments, { name: "one-place", fix: "Add topologySpreadConstraints for topology.kubernetes.io/zone." }, function* (object) {
    const found = podOf(object);
    if (found?.topologySpreadConstraints === undefined && found?.affinity?.podAntiAffinity === undefined)
      yield { path: pod, message: "all replicas may run on one node, and end with it." };
  }),
];
