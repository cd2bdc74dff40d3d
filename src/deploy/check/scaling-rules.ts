import { type Loose, matches, type Placed, podOf } from "./placed.ts";
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
      fix: "Lower maxReplicas or postgres({ connections }), put a pooler in front, or raise max_connections.",
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
          message: `${processes} processes of ${perProcess} connections and the migrations take ${all}, and the server allows ${shape.maxConnections.value}.`,
        };
    },
  },
  {
    ...{ name: "scalers-fight", fix: "Keep one autoscaler for each Deployment, with all metrics in it." },
    *find(cluster) {
      const seen = new Map<string, Placed>();
      for (const at of ofKind(cluster, ...scaler)) {
        const other = seen.get(targetOf(at));
        if (other !== undefined) yield { at, path: ["spec", "scaleTargetRef"], message: `${other.name} scales the same ${targetOf(at)}.` };
        seen.set(targetOf(at), at);
      }
    },
  },
  {
    ...{ name: "scaler-without-target", fix: "Name a Deployment of this folder in scaleTargetRef." },
    *find(cluster) {
      for (const at of ofKind(cluster, ...scaler))
        if (!cluster.objects.some(({ kind, name }) => `${kind}/${name}` === targetOf(at)))
          yield { at, path: ["spec", "scaleTargetRef"], message: `there is no ${targetOf(at)}.` };
    },
  },
  each(["Deployment"], { name: "replicas-fixed", fix: "Leave replicas out where an autoscaler sets them." }, function* (object, cluster) {
    if (object.value.spec?.replicas !== undefined && scalerOf(cluster, object) !== undefined)
      yield { path: ["spec", "replicas"], message: "each apply sets back what the autoscaler has chosen." };
  }),
  each(["Deployment"], { name: "one-replica", fix: "Run at least two." }, function* (object, cluster) {
    if (!isTrial(object) && leastOf(cluster, object) < 2)
      yield { path: ["spec", "replicas"], message: "a node that is drained takes all of it away." };
  }),
  each(scaler, { name: "scaler-without-metric", fix: "Add a metric of the load, and the processor as a guard." }, function* ({ value }) {
    const metrics: readonly Loose[] = value.spec?.metrics ?? [];
    if (metrics.length === 0) yield { path: ["spec"], message: "it scales by nothing that was said." };
    else if (metrics.every((one) => one?.resource?.name === "memory"))
      yield { path: ["spec", "metrics"], message: "it scales by memory alone, which does not fall when the load does." };
  }),
  each(scaler, { name: "scaler-inverted", fix: "Set maxReplicas above minReplicas." }, function* ({ value }) {
    const { minReplicas = 1, maxReplicas = 0 } = value.spec ?? {};
    if (Number(maxReplicas) <= Number(minReplicas) && Number(maxReplicas) !== Number(minReplicas))
      yield { path: ["spec", "maxReplicas"], message: `maxReplicas ${maxReplicas} is below minReplicas ${minReplicas}.` };
  }),
  each(["PodDisruptionBudget"], { name: "drain-blocked", fix: "Use maxUnavailable: 1." }, function* (object, cluster) {
    const { minAvailable, maxUnavailable, selector } = object.value.spec ?? {};
    const held = ofKind(cluster, "Deployment").filter((one) => !isTrial(one) && matches(selector?.matchLabels, labelsOf(one)));
    const least = held.reduce((sum, one) => sum + leastOf(cluster, one), 0);
    const blocks =
      maxUnavailable === undefined
        ? minAvailable !== undefined && countOf(minAvailable, least) >= least
        : countOf(maxUnavailable, least) === 0;
    if (held.length > 0 && blocks)
      yield { path: ["spec"], message: `of ${least} replicas none may be evicted, so that no node can be drained.` };
  }),
  each(
    ["PodDisruptionBudget"],
    { name: "disruption-budget-unused", fix: "Select the labels of the Deployment's pods." },
    function* (object, cluster) {
      const selector = object.value.spec?.selector?.matchLabels;
      if (!ofKind(cluster, "Deployment", "StatefulSet").some((one) => matches(selector, labelsOf(one))))
        yield { path: ["spec", "selector"], message: "it matches no pod of this folder." };
    },
  ),
  each(
    ["Deployment"],
    { name: "disruption-budget-missing", fix: "Add a PodDisruptionBudget with maxUnavailable: 1." },
    function* (object, cluster) {
      const labels = labelsOf(object);
      const budgets = ofKind(cluster, "PodDisruptionBudget");
      if (podOf(object) !== undefined && !budgets.some(({ value }) => matches(value.spec?.selector?.matchLabels, labels)))
        yield { message: "a drain of several nodes may take all replicas at once." };
    },
  ),
];
