import type { DeploymentShape, RoleShape } from "./shape.ts";

/** Where a deployment runs. */
export type Environment = "dev" | "staging" | "prod";

/** All places, in the order in which a version reaches them. */
export const environments: readonly Environment[] = ["dev", "staging", "prod"];

/** The shape of a place: fewer processes where nothing depends on them. */
export function shapeIn(shape: DeploymentShape, environment: Environment): DeploymentShape {
  if (environment === "prod") return shape;
  const from = `${environment}: two, so that a rollout is tried as in production`;
  const roles = shape.roles.map((role): RoleShape => ({ ...role, replicas: { value: 2, from }, most: { value: 2, from } }));
  return {
    ...shape,
    roles,
    strategy: "rolling",
    host: shape.host === undefined ? undefined : `${environment}.${shape.host}`,
  };
}
