import type { IDeployment } from "kubernetes-models/apps/v1";
import type { IJob } from "kubernetes-models/batch/v1";
import type { IServiceAccount } from "kubernetes-models/v1";
import { type DeploymentShape, graceSeconds, heapMb, type RoleShape } from "../shape.ts";
import type { Comment, Manifest } from "../yaml.ts";
import { appContainer, migrationContainer, podSecurity, temporary } from "./container.ts";
import { labelsOf, nameOf, selectorOf } from "./names.ts";

/** One of two sets of processes that take turns, or the one that a new version is tried on. */
export type Track = "stable" | "canary" | "blue" | "green";

/** The Deployment of a role. `track`: where several stand side by side, which of them. */
export function deployment(shape: DeploymentShape, role: RoleShape, track: Track = "stable"): Manifest {
  // Every Deployment has its track among its labels, so that none takes the pods of another, whatever strategy comes later.
  const selector = { ...selectorOf(shape, role.role), "plimsoll.dev/track": track };
  const name = track === "stable" ? nameOf(shape, role) : `${nameOf(shape, role)}-${track}`;
  const object: IDeployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels: labelsOf(shape, role.role) },
    spec: {
      // Without a number of replicas where an autoscaler sets it: each apply would set it back.
      ...(track === "canary" && { replicas: 1 }),
      revisionHistoryLimit: 5,
      progressDeadlineSeconds: 300,
      selector: { matchLabels: selector },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels: { ...labelsOf(shape, role.role), ...selector } },
        spec: {
          ...{ serviceAccountName: shape.name, ...podSecurity, ...temporary },
          terminationGracePeriodSeconds: graceSeconds(shape),
          containers: [appContainer(shape, role)],
          ...spread(selector),
        },
      },
    },
  };
  return { object, comments: reasons(shape, role) };
}

/** Over zones and nodes: what takes one of them away leaves the others. */
function spread(matchLabels: Record<string, string>) {
  const across = (topologyKey: string) =>
    ({ maxSkew: 1, topologyKey, whenUnsatisfiable: "ScheduleAnyway", labelSelector: { matchLabels } }) as const;
  const term = { labelSelector: { matchLabels }, topologyKey: "kubernetes.io/hostname" };
  return {
    topologySpreadConstraints: [across("topology.kubernetes.io/zone"), across("kubernetes.io/hostname")],
    affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }] } },
  };
}

function reasons(shape: DeploymentShape, role: RoleShape): readonly Comment[] {
  const pod = ["spec", "template", "spec"];
  const container = [...pod, "containers", 0];
  const { shutdownDelayMs, shutdownMs } = shape;
  return [
    [
      [...pod, "terminationGracePeriodSeconds"],
      `${shutdownDelayMs.value} ms of shutdownDelay (${shutdownDelayMs.from}), ${shutdownMs.value} ms of shutdown (${shutdownMs.from}), and 5 s to close`,
    ],
    [[...container, "command", 1], `three quarters of ${role.memoryMb.value} MiB; heap ${heapMb(role)} MiB`],
    [[...container, "resources", "requests", "cpu"], "a process of Node.js uses one core"],
    [[...container, "resources", "limits", "memory"], role.memoryMb.from],
    [[...container, "readinessProbe", "periodSeconds"], "a replica that leaves is seen within shutdownDelay"],
    [[...container, "livenessProbe", "httpGet", "path"], "not /readyz: a database that is away must not restart the app"],
  ];
}

/** The migrations, run once for each version before its processes start. */
export function migrationJob(shape: DeploymentShape): Manifest {
  const { name, version } = shape;
  const object: IJob = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: `${name}-migrate-${version.replaceAll(/[^a-z0-9]+/g, "-")}`, labels: labelsOf(shape, "migrate") },
    spec: {
      backoffLimit: 2,
      activeDeadlineSeconds: 1_800,
      ttlSecondsAfterFinished: 86_400,
      template: {
        metadata: { labels: { ...labelsOf(shape, "migrate"), ...selectorOf(shape, "migrate") } },
        spec: {
          ...{ serviceAccountName: name, ...podSecurity, ...temporary },
          restartPolicy: "Never",
          containers: [migrationContainer(shape)],
        },
      },
    },
  };
  return {
    object,
    comments: [
      [["spec", "activeDeadlineSeconds"], "an index of a large table takes minutes; half an hour ends what hangs"],
      [["spec", "template", "spec", "containers", 0, "envFrom", 0, "secretRef", "name"], "the owner's address: no other container has it"],
    ],
  };
}

/** The account of the processes: it may do nothing in the cluster. */
export function account(shape: DeploymentShape): Manifest {
  const object: IServiceAccount = {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: shape.name, labels: labelsOf(shape, "account") },
    automountServiceAccountToken: false,
  };
  return { object, comments: [] };
}
