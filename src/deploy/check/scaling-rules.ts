import { both, type Loose, matches, type Placed, podOf } from "./placed.ts";
import { type Cluster, each, ofKind, type Rule } from "./rule.ts";

const scaler = ["HorizontalPodAutoscaler"];

const targetOf = ({ value }: Placed): string => `${value.spec?.scaleTargetRef?.kind}/${value.spec?.scaleTargetRef?.name}`;
const scalerOf = (cluster: Cluster, { kind, name }: Placed): Placed | undefined =>
  ofKind(cluster, ...scaler).find((one) => targetOf(one) === `${kind}/${name}`);
const leastOf = (cluster: Cluster, object: Placed): number => {
  const found = scalerOf(cluster, object);
  return found === undefined ? Number(object.value.spec?.replicas ?? 1) : Number(found.value.spec?.minReplicas ?? 1);
};
const labelsOf = ({ value }: Placed): Loose => value.spec?.template?.metadata?.labels;
/** How many of them a number or a percentage is. */
const countOf = (value: Loose, all: number): number =>
  String(value).endsWith("%") ? Math.ceil((Number.parseFloat(String(value)) / 100) * all) : Number(value);
const isTrial = ({ name }: Placed): boolean => name.endsWith("-canary");

/** Rules on how many processes there are, and what they take together. */
export const scalingRules: readonly Rule[] = [
  {
    ...{
      name: "connections-exceeded",
      fix: both(
        "Lower maxReplicas or postgres({ connections }), put a pooler in front, or raise max_connections.",
        "请降低 maxReplicas 或 postgres({ connections })，或在前面加连接池，或提高 max_connections。",
      ),
    },
    *find(cluster) {
      const { shape } = cluster;
      const perProcess = Math.max(...shape.roles.map(({ connections }) => connections.value));
      const found = ofKind(cluster, "Deployment");
      const processes = found.reduce((sum, object) => {
        const most = scalerOf(cluster, object)?.value.spec?.maxReplicas ?? object.value.spec?.replicas ?? 1;
        return sum + Number(most) + (isTrial(object) ? 0 : 1);
      }, 0);
      const all = processes * perProcess + 2;
      const [first] = found;
      if (first !== undefined && all > shape.maxConnections.value)
        yield {
          at: scalerOf(cluster, first) ?? first,
          path: ["spec", "maxReplicas"],
          message: both(
            `${processes} processes of ${perProcess} connections and the migrations take ${all}, and the server allows ${shape.maxConnections.value}.`,
            `${processes} 个进程各 ${perProcess} 个连接，加上迁移共需 ${all} 个，而服务器只允许 ${shape.maxConnections.value} 个。`,
          ),
        };
    },
  },
  {
    ...{
      name: "scalers-fight",
      fix: both(
        "Keep one autoscaler for each Deployment, with all metrics in it.",
        "每个 Deployment 请只保留一个自动扩缩器，并包含全部指标。",
      ),
    },
    *find(cluster) {
      const seen = new Map<string, Placed>();
      for (const at of ofKind(cluster, ...scaler)) {
        const other = seen.get(targetOf(at));
        if (other !== undefined)
          yield {
            at,
            path: ["spec", "scaleTargetRef"],
            message: both(`${other.name} scales the same ${targetOf(at)}.`, `${other.name} 也在扩缩同一个 ${targetOf(at)}。`),
          };
        seen.set(targetOf(at), at);
      }
    },
  },
  {
    ...{
      name: "scaler-without-target",
      fix: both("Name a Deployment of this folder in scaleTargetRef.", "请在 scaleTargetRef 中写本文件夹中的 Deployment。"),
    },
    *find(cluster) {
      for (const at of ofKind(cluster, ...scaler))
        if (!cluster.objects.some(({ kind, name }) => `${kind}/${name}` === targetOf(at)))
          yield { at, path: ["spec", "scaleTargetRef"], message: both(`there is no ${targetOf(at)}.`, `没有 ${targetOf(at)}。`) };
    },
  },
  each(
    ["Deployment"],
    {
      name: "replicas-fixed",
      fix: both("Leave replicas out where an autoscaler sets them.", "由自动扩缩器决定副本数时，请不要写 replicas。"),
    },
    function* (object, cluster) {
      if (object.value.spec?.replicas !== undefined && scalerOf(cluster, object) !== undefined)
        yield {
          path: ["spec", "replicas"],
          message: both("each apply sets back what the autoscaler has chosen.", "每次应用都会覆盖自动扩缩器选定的副本数。"),
        };
    },
  ),
  each(["Deployment"], { name: "one-replica", fix: both("Run at least two.", "请至少运行两个。") }, function* (object, cluster) {
    if (!isTrial(object) && leastOf(cluster, object) < 2)
      yield { path: ["spec", "replicas"], message: both("a node that is drained takes all of it away.", "一个节点被排空，它就全部消失。") };
  }),
  each(
    scaler,
    {
      name: "scaler-without-metric",
      fix: both("Add a metric of the load, and the processor as a guard.", "请加上负载指标，并以处理器作为保护。"),
    },
    function* ({ value }) {
      const metrics: readonly Loose[] = value.spec?.metrics ?? [];
      if (metrics.length === 0) yield { path: ["spec"], message: both("it scales by nothing that was said.", "没有写明按什么扩缩。") };
      else if (metrics.every((one) => one?.resource?.name === "memory"))
        yield {
          path: ["spec", "metrics"],
          message: both("it scales by memory alone, which does not fall when the load does.", "它只按内存扩缩，而负载下降时内存不会下降。"),
        };
    },
  ),
  each(
    scaler,
    { name: "scaler-inverted", fix: both("Set maxReplicas above minReplicas.", "请把 maxReplicas 设为大于 minReplicas。") },
    function* ({ value }) {
      const { minReplicas = 1, maxReplicas = 0 } = value.spec ?? {};
      if (Number(maxReplicas) <= Number(minReplicas) && Number(maxReplicas) !== Number(minReplicas))
        yield {
          path: ["spec", "maxReplicas"],
          message: both(
            `maxReplicas ${maxReplicas} is below minReplicas ${minReplicas}.`,
            `maxReplicas ${maxReplicas} 小于 minReplicas ${minReplicas}。`,
          ),
        };
    },
  ),
  each(
    ["PodDisruptionBudget"],
    { name: "drain-blocked", fix: both("Use maxUnavailable: 1.", "请使用 maxUnavailable: 1。") },
    function* (object, cluster) {
      const { minAvailable, maxUnavailable, selector } = object.value.spec ?? {};
      const held = ofKind(cluster, "Deployment").filter((one) => !isTrial(one) && matches(selector?.matchLabels, labelsOf(one)));
      const least = held.reduce((sum, one) => sum + leastOf(cluster, one), 0);
      const blocks =
        maxUnavailable === undefined
          ? minAvailable !== undefined && countOf(minAvailable, least) >= least
          : countOf(maxUnavailable, least) === 0;
      if (held.length > 0 && blocks)
        yield {
          path: ["spec"],
          message: both(
            `of ${least} replicas none may be evicted, so that no node can be drained.`,
            `${least} 个副本都不允许驱逐，因此无法排空任何节点。`,
          ),
        };
    },
  ),
  each(
    ["PodDisruptionBudget"],
    { name: "disruption-budget-unused", fix: both("Select the labels of the Deployment's pods.", "请选择 Deployment 中 Pod 的标签。") },
    function* (object, cluster) {
      const selector = object.value.spec?.selector?.matchLabels;
      if (!ofKind(cluster, "Deployment", "StatefulSet").some((one) => matches(selector, labelsOf(one))))
        yield { path: ["spec", "selector"], message: both("it matches no pod of this folder.", "它与本文件夹中的任何 Pod 都不匹配。") };
    },
  ),
  each(
    ["Deployment"],
    {
      name: "disruption-budget-missing",
      fix: both("Add a PodDisruptionBudget with maxUnavailable: 1.", "请加上 maxUnavailable: 1 的 PodDisruptionBudget。"),
    },
    function* (object, cluster) {
      const labels = labelsOf(object);
      const budgets = ofKind(cluster, "PodDisruptionBudget");
      if (podOf(object) !== undefined && !budgets.some(({ value }) => matches(value.spec?.selector?.matchLabels, labels)))
        yield { message: both("a drain of several nodes may take all replicas at once.", "同时排空多个节点时，可能一次带走全部副本。") };
    },
  ),
];
