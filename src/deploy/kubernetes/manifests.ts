import { type Environment, environments, shapeIn } from "../environment.ts";
import { istioManifests } from "../mesh/istio.ts";
import type { DeploymentShape, RoleShape } from "../shape.ts";
import type { Manifest } from "../yaml.ts";
import { httpRoute, networkPolicy, service, serviceMonitor } from "./network.ts";
import { autoscaler, disruptionBudget } from "./scaling.ts";
import { account, deployment, migrationJob } from "./workload.ts";

/** The files of one place, by their names. */
export type ManifestFiles = Readonly<Record<string, readonly Manifest[]>>;

/** Every object of a deployment in Kubernetes, for each place. */
export function kubernetesFiles(shape: DeploymentShape): ManifestFiles {
  return Object.fromEntries(
    environments.flatMap((environment) =>
      Object.entries(filesIn(shapeIn(shape, environment))).map(([name, manifests]) => [pathOf(environment, name), manifests]),
    ),
  );
}

function pathOf(environment: Environment, name: string): string {
  return `deploy/kubernetes/${environment}/${name}.yaml`;
}

function filesIn(shape: DeploymentShape): ManifestFiles {
  const serving = shape.roles.find(({ role }) => role !== "worker") as RoleShape;
  return {
    "10-account": [account(shape), networkPolicy(shape)],
    "20-migrate": [migrationJob(shape)],
    ...Object.fromEntries(shape.roles.map((role) => [`30-${role.role === "all" ? "app" : role.role}`, ofRole(shape, role)])),
    ...wayIn(shape, serving),
    "50-monitor": [serviceMonitor(shape)],
  };
}

/** How requests come in: by the mesh where there is one, which also knows the names outside of it. */
function wayIn(shape: DeploymentShape, serving: RoleShape): ManifestFiles {
  if (shape.mesh === "istio") return { "40-mesh": istioManifests(shape, serving) };
  return shape.host === undefined ? {} : { "40-route": [httpRoute(shape, serving, shape.host)] };
}

function ofRole(shape: DeploymentShape, role: RoleShape): readonly Manifest[] {
  const serves = role.role !== "worker";
  // A worker takes turns by leases, whatever its version: it needs no second set of processes.
  if (shape.strategy === "blue-green" && serves)
    return [
      ...(["blue", "green"] as const).flatMap((track) => [deployment(shape, role, track), autoscaler(shape, role, track)]),
      disruptionBudget(shape, role),
      service(shape, role, "blue"),
    ];
  return [
    deployment(shape, role),
    ...(shape.strategy === "canary" && serves ? [deployment(shape, role, "canary")] : []),
    autoscaler(shape, role),
    disruptionBudget(shape, role),
    ...(serves ? [service(shape, role)] : []),
  ];
}
