import type { DeploymentShape, RoleShape } from "../shape.ts";

/** What the objects of one role are called. */
export function nameOf(shape: Pick<DeploymentShape, "name" | "roles">, { role }: Pick<RoleShape, "role">): string {
  return role === "all" ? shape.name : `${shape.name}-${role}`;
}

/** By which labels the pods of a component are found. They never change: a selector cannot. */
export function selectorOf({ name }: Pick<DeploymentShape, "name">, component: string): Record<string, string> {
  return { "app.kubernetes.io/name": name, "app.kubernetes.io/component": component };
}

/** All labels of an object. */
export function labelsOf(shape: Pick<DeploymentShape, "name" | "version">, component: string): Record<string, string> {
  return {
    "app.kubernetes.io/name": shape.name,
    "app.kubernetes.io/component": component,
    "app.kubernetes.io/version": shape.version,
    "app.kubernetes.io/managed-by": "plimsoll",
  };
}
