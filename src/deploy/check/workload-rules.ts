import { graceSeconds } from "../shape.ts";
import { both, containersOf, type Loose, matches, podOf } from "./placed.ts";
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
    {
      name: "grace-too-short",
      fix: both(
        "Set terminationGracePeriodSeconds to shutdownDelay and shutdown together, and five seconds more.",
        "请把 terminationGracePeriodSeconds 设为 shutdownDelay 与 shutdown 之和再加五秒。",
      ),
    },
    function* (object, { shape }) {
      const grace = Number(podOf(object)?.terminationGracePeriodSeconds ?? 30);
      const least = graceSeconds(shape);
      if (grace < least)
        yield {
          path: [...pod, "terminationGracePeriodSeconds"],
          message: both(
            `it is killed ${grace} s after SIGTERM, and needs ${least} s to finish what runs.`,
            `它在 SIGTERM 之后 ${grace} 秒被强制结束，而完成正在执行的工作需要 ${least} 秒。`,
          ),
        };
    },
  ),
  each(
    deployments,
    {
      name: "probes-alike",
      fix: both("Probe /readyz for readiness and /livez for liveness.", "就绪探针请用 /readyz，存活探针请用 /livez。"),
    },
    function* (object) {
      for (const [index, container] of containersOf(object).entries())
        if (container.readinessProbe !== undefined && probe(container, "readinessProbe") === probe(container, "livenessProbe"))
          yield {
            path: atContainer(index, "livenessProbe"),
            message: both(
              "both probes ask the same, so that a database that is away restarts every replica.",
              "两个探针检查的内容相同，因此数据库不可用时所有副本都会重启。",
            ),
          };
    },
  ),
  each(
    deployments,
    { name: "liveness-asks-readiness", fix: both("Probe /livez for liveness.", "存活探针请用 /livez。") },
    function* (object) {
      for (const [index, container] of containersOf(object).entries())
        if (container.livenessProbe?.httpGet?.path === "/readyz")
          yield {
            path: atContainer(index, "livenessProbe"),
            message: both(
              "liveness asks /readyz, which fails while the database is away: a restart does not bring it back.",
              "存活探针检查 /readyz，而数据库不可用时它会失败：重启并不能恢复数据库。",
            ),
          };
    },
  ),
  each(
    deployments,
    {
      name: "readiness-missing",
      fix: both(
        "Add readinessProbe: { httpGet: { path: /readyz, port: ops } }.",
        "请加上 readinessProbe: { httpGet: { path: /readyz, port: ops } }。",
      ),
    },
    function* (object) {
      for (const [index, container] of containersOf(object).entries())
        if (container.readinessProbe === undefined)
          yield {
            path: atContainer(index),
            message: both("it gets requests before it is ready, and while it stops.", "它在就绪之前和停止期间都会收到请求。"),
          };
    },
  ),
  each(
    deployments,
    {
      name: "liveness-missing",
      fix: both(
        "Add livenessProbe: { httpGet: { path: /livez, port: ops } }.",
        "请加上 livenessProbe: { httpGet: { path: /livez, port: ops } }。",
      ),
    },
    function* (object) {
      for (const [index, container] of containersOf(object).entries())
        if (container.livenessProbe === undefined)
          yield { path: atContainer(index), message: both("a process whose loop hangs stays for ever.", "事件循环卡死的进程会一直存在。") };
    },
  ),
  each(
    deployments,
    {
      name: "readiness-too-slow",
      fix: both(
        "Lower periodSeconds or failureThreshold, or raise shutdownDelay.",
        "请降低 periodSeconds 或 failureThreshold，或提高 shutdownDelay。",
      ),
    },
    function* (object, { shape }) {
      for (const [index, { readinessProbe }] of containersOf(object).entries()) {
        if (readinessProbe === undefined) continue;
        const seen = Number(readinessProbe.periodSeconds ?? 10) * Number(readinessProbe.failureThreshold ?? 3) * 1_000;
        if (seen > shape.shutdownDelayMs.value)
          yield {
            path: atContainer(index, "readinessProbe"),
            message: both(
              `that it stops is seen after ${seen} ms, and its port closes after ${shape.shutdownDelayMs.value} ms: requests are refused in between.`,
              `它的停止在 ${seen} 毫秒后才被发现，而端口在 ${shape.shutdownDelayMs.value} 毫秒后关闭：其间的请求会被拒绝。`,
            ),
          };
      }
    },
  ),
  each(
    workloads,
    {
      name: "signal-swallowed",
      fix: both('Start node itself: command: ["node", "src/main.ts"].', '请直接启动 node：command: ["node", "src/main.ts"]。'),
    },
    function* (object) {
      for (const [index, container] of containersOf(object).entries()) {
        const [first = ""] = [...(container.command ?? []), ...(container.args ?? [])].map(String);
        if (/(^|\/)(sh|bash|npm|npx|yarn|pnpm)$/.test(first))
          yield {
            path: atContainer(index, "command"),
            message: both(
              `${first} is the first process, and does not pass SIGTERM on: what runs is cut.`,
              `首个进程是 ${first}，不会转发 SIGTERM：正在执行的工作会被中断。`,
            ),
          };
      }
    },
  ),
  each(
    deployments,
    { name: "migrations-in-replicas", fix: both("Run the migrations as a Job before the rollout.", "请在发布之前以 Job 运行迁移。") },
    function* (object) {
      const inits: readonly Loose[] = podOf(object)?.initContainers ?? [];
      for (const [index, container] of inits.entries())
        if (/migrat/i.test(JSON.stringify([container?.name, container?.command, container?.args])))
          yield {
            path: [...pod, "initContainers", index],
            message: both(
              "every replica runs the migrations when it starts, with the owner's rights.",
              "每个副本启动时都会以所有者权限运行迁移。",
            ),
          };
    },
  ),
  each(
    ["Job"],
    {
      name: "migration-restarts",
      fix: both(
        "Set restartPolicy: Never, backoffLimit and activeDeadlineSeconds.",
        "请设置 restartPolicy: Never、backoffLimit 和 activeDeadlineSeconds。",
      ),
    },
    function* (object) {
      if (
        podOf(object)?.restartPolicy !== "Never" ||
        object.value.spec?.backoffLimit === undefined ||
        object.value.spec?.activeDeadlineSeconds === undefined
      )
        yield {
          path: ["spec"],
          message: both(
            "a migration that fails is tried again without an end, or hangs without one.",
            "失败的迁移会无休止地重试，或无限期挂起。",
          ),
        };
    },
  ),
  each(
    deployments,
    { name: "strategy-stops-all", fix: both("Use RollingUpdate with maxUnavailable: 0.", "请使用 maxUnavailable: 0 的 RollingUpdate。") },
    function* (object) {
      const { type: how, rollingUpdate } = object.value.spec?.strategy ?? {};
      if (how === "Recreate" || rollingUpdate?.maxUnavailable === "100%")
        yield {
          path: ["spec", "strategy"],
          message: both(
            "a rollout stops all replicas before one of the new version is ready.",
            "发布时会先停掉全部副本，新版本却还没有一个就绪。",
          ),
        };
    },
  ),
  each(
    deployments,
    { name: "selector-misses-template", fix: both("Give the template all labels of the selector.", "请让模板带上选择器的全部标签。") },
    function* (object) {
      if (!matches(object.value.spec?.selector?.matchLabels, object.value.spec?.template?.metadata?.labels))
        yield { path: ["spec", "selector"], message: both("its selector does not match its own pods.", "它的选择器与自己的 Pod 不匹配。") };
    },
  ),
  {
    ...{
      name: "selectors-overlap",
      fix: both(
        "Give each Deployment a label of its own in its selector and template.",
        "请在选择器和模板中给每个 Deployment 一个独有的标签。",
      ),
    },
    *find(cluster) {
      const found = ofKind(cluster, "Deployment");
      for (const at of found)
        for (const other of found)
          if (other !== at && matches(at.value.spec?.selector?.matchLabels, other.value.spec?.template?.metadata?.labels))
            yield {
              at,
              path: ["spec", "selector"],
              message: both(`its selector matches the pods of ${other.name} too.`, `它的选择器也匹配 ${other.name} 的 Pod。`),
            };
    },
  },
  each(
    deployments,
    {
      name: "one-place",
      fix: both(
        "Add topologySpreadConstraints for topology.kubernetes.io/zone.",
        "请按 topology.kubernetes.io/zone 加上 topologySpreadConstraints。",
      ),
    },
    function* (object) {
      const found = podOf(object);
      if (found?.topologySpreadConstraints === undefined && found?.affinity?.podAntiAffinity === undefined)
        yield {
          path: pod,
          message: both("all replicas may run on one node, and end with it.", "所有副本可能都在同一个节点上，随它一起消失。"),
        };
    },
  ),
];
