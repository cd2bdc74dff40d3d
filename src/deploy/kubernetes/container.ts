import type { IIoK8sApiCoreV1Container, IIoK8sApiCoreV1PodSpec } from "kubernetes-models/v1";
import { type DeploymentShape, heapMb, type RoleShape } from "../shape.ts";

/** An id that no user of the node has: kube-score asks for one above 10,000. */
const userId = 10_001;

/** What every pod of the app is held to: no root, no new rights, a file system that cannot be written. */
export const podSecurity: Pick<IIoK8sApiCoreV1PodSpec, "securityContext" | "automountServiceAccountToken"> = {
  automountServiceAccountToken: false,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: userId,
    runAsGroup: userId,
    fsGroup: userId,
    seccompProfile: { type: "RuntimeDefault" },
  },
};

const secured: Pick<IIoK8sApiCoreV1Container, "securityContext" | "imagePullPolicy"> = {
  imagePullPolicy: "Always",
  securityContext: {
    runAsNonRoot: true,
    runAsUser: userId,
    runAsGroup: userId,
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    privileged: false,
    capabilities: { drop: ["ALL"] },
  },
};

/** The only place where a process may write: uploads on their way. */
export const temporary: Required<Pick<IIoK8sApiCoreV1PodSpec, "volumes">> = {
  volumes: [{ name: "tmp", emptyDir: { sizeLimit: "256Mi" } }],
};
const mounts: Pick<IIoK8sApiCoreV1Container, "volumeMounts"> = { volumeMounts: [{ name: "tmp", mountPath: "/tmp" }] };

/** The container of a role. */
export function appContainer(shape: DeploymentShape, role: RoleShape): IIoK8sApiCoreV1Container {
  const { name, image, version, entry, port, opsPort } = shape;
  const memory = `${role.memoryMb.value}Mi`;
  const serves = role.role !== "worker";
  return {
    ...{ name, image: `${image}:${version}`, ...secured, ...mounts },
    command: ["node", `--max-old-space-size=${heapMb(role)}`, entry],
    env: [
      { name: "NODE_ENV", value: "production" },
      { name: "PORT", value: String(port) },
      { name: "OPS_PORT", value: String(opsPort) },
      ...(role.role === "all" ? [] : [{ name: "ROLES", value: role.role }]),
    ],
    envFrom: [{ secretRef: { name: `${name}-app` } }],
    ports: [...(serves ? [{ name: "http", containerPort: port }] : []), { name: "ops", containerPort: opsPort }],
    // The cpu is asked for and not limited: a process uses one core, and a limit would stop it in the middle of a turn of its loop.
    resources: {
      requests: { cpu: "1", memory, "ephemeral-storage": "256Mi" },
      limits: { cpu: "2", memory, "ephemeral-storage": "512Mi" },
    },
    startupProbe: { httpGet: { path: "/livez", port: "ops" }, periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: { httpGet: { path: "/readyz", port: "ops" }, periodSeconds: 2, timeoutSeconds: 1, failureThreshold: 2 },
    livenessProbe: { httpGet: { path: "/livez", port: "ops" }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
  };
}

/** The container that runs the migrations under the owner's role. */
export function migrationContainer({ name, image, version }: DeploymentShape): IIoK8sApiCoreV1Container {
  return {
    ...{ name: "migrate", image: `${image}:${version}`, ...secured, ...mounts },
    command: ["node", "src/migrate.ts"],
    env: [{ name: "NODE_ENV", value: "production" }],
    envFrom: [{ secretRef: { name: `${name}-owner` } }],
    resources: {
      requests: { cpu: "250m", memory: "256Mi", "ephemeral-storage": "64Mi" },
      limits: { cpu: "1", memory: "256Mi", "ephemeral-storage": "128Mi" },
    },
  };
}
