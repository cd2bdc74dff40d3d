import type { IHorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2";
import type { IPodDisruptionBudget } from "kubernetes-models/policy/v1";
import { connectionsAtMost, type DeploymentShape, type RoleShape } from "../shape.ts";
import type { Manifest } from "../yaml.ts";
import { labelsOf, nameOf, selectorOf } from "./names.ts";

/** The metric by which processes are added: how much of its line a process uses, from the rules that `plimsoll monitor` writes. */
const loadMetric = "plimsoll_load_ratio";

/** Adds processes by what is in flight against the line, with the processor as a guard. */
export function autoscaler(shape: DeploymentShape, role: RoleShape, track?: "blue" | "green"): Manifest {
  const name = track === undefined ? nameOf(shape, role) : `${nameOf(shape, role)}-${track}`;
  const object: IHorizontalPodAutoscaler = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name, labels: labelsOf(shape, role.role) },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
      minReplicas: role.replicas.value,
      maxReplicas: role.most.value,
      metrics: [
        { type: "Pods", pods: { metric: { name: loadMetric }, target: { type: "AverageValue", averageValue: "700m" } } },
        { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } } },
      ],
      behavior: {
        scaleUp: { stabilizationWindowSeconds: 0, policies: [{ type: "Percent", value: 100, periodSeconds: 30 }] },
        scaleDown: { stabilizationWindowSeconds: 300, policies: [{ type: "Pods", value: 1, periodSeconds: 60 }] },
      },
    },
  };
  return {
    object,
    comments: [
      [["spec", "minReplicas"], role.replicas.from],
      [
        ["spec", "maxReplicas"],
        `${role.most.from}; all roles together hold up to ${connectionsAtMost(shape)} of ${shape.maxConnections.value} connections`,
      ],
      [
        ["spec", "metrics", 0, "pods", "target", "averageValue"],
        "0.7 of the line: the rest carries what comes until the next process is ready",
      ],
      [["spec", "behavior", "scaleDown", "stabilizationWindowSeconds"], "a pause of five minutes is no end of the load"],
    ],
  };
}

/** How many processes must stay while nodes are drained. */
export function disruptionBudget(shape: DeploymentShape, role: RoleShape): Manifest {
  const object: IPodDisruptionBudget = {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: nameOf(shape, role), labels: labelsOf(shape, role.role) },
    spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow", selector: { matchLabels: selectorOf(shape, role.role) } },
  };
  return {
    object,
    comments: [[["spec", "maxUnavailable"], `one of at least ${role.replicas.value}: it blocks no drain, and leaves the others`]],
  };
}
