import { routerSeconds } from "../routes.ts";
import { both, containersOf, type Loose, matches, seconds } from "./placed.ts";
import { each, ofKind, type Rule } from "./rule.ts";

const removed: Readonly<Record<string, string>> = {
  "extensions/v1beta1": "apps/v1 or networking.k8s.io/v1",
  "apps/v1beta1": "apps/v1",
  "apps/v1beta2": "apps/v1",
  "autoscaling/v2beta1": "autoscaling/v2",
  "autoscaling/v2beta2": "autoscaling/v2",
  "policy/v1beta1": "policy/v1",
  "batch/v1beta1": "batch/v1",
  "networking.k8s.io/v1beta1": "networking.k8s.io/v1",
};
const isPort = (wanted: number) => (port: Loose) => port === wanted || port === "ops" || port === String(wanted);

/** Rules on who reaches the processes, and on versions of the interfaces of Kubernetes. */
export const networkRules: readonly Rule[] = [
  {
    ...{ name: "version-removed", fix: both("Use the version that the message names.", "请使用消息中给出的版本。") },
    *find({ objects }) {
      for (const at of objects) {
        const now = removed[String(at.value.apiVersion)];
        if (now !== undefined)
          yield {
            at,
            path: ["apiVersion"],
            message: both(
              `Kubernetes no longer serves ${at.value.apiVersion}: use ${now}.`,
              `Kubernetes 已不再提供 ${at.value.apiVersion}，请使用 ${now}。`,
            ),
          };
      }
    },
  },
  {
    ...{ name: "named-twice", fix: both("Rename one, or remove it.", "请重命名或删除其中一个。") },
    *find({ objects }) {
      const seen = new Set<string>();
      for (const at of objects) {
        const key = `${at.kind}/${at.value.metadata?.namespace ?? ""}/${at.name}`;
        if (seen.has(key))
          yield {
            at,
            path: ["metadata", "name"],
            message: both("there are two of this kind and name: the last one wins.", "存在两个同类同名的对象，以最后一个为准。"),
          };
        seen.add(key);
      }
    },
  },
  each(
    ["Service"],
    {
      name: "ops-port-served",
      fix: both(
        "Remove the ops port from the Service: probes and Prometheus reach the pods.",
        "请从 Service 中移除运维端口：探针和 Prometheus 直接访问 Pod。",
      ),
    },
    function* ({ value }, { shape }) {
      const ports: readonly Loose[] = value.spec?.ports ?? [];
      for (const [index, port] of ports.entries())
        if ([port?.port, port?.targetPort].some(isPort(shape.opsPort)))
          yield {
            path: ["spec", "ports", index],
            message: both(
              "it leads callers to the ops port, which can pause queues and requeue tasks.",
              "它把调用方引向运维端口，而该端口可以暂停队列、重新排入任务。",
            ),
          };
    },
  ),
  each(
    ["Service"],
    { name: "service-on-nodes", fix: both("Use type: ClusterIP, and a route of the gateway.", "请使用 type: ClusterIP，并通过网关路由。") },
    function* ({ value }) {
      if (["NodePort", "LoadBalancer"].includes(String(value.spec?.type)))
        yield {
          path: ["spec", "type"],
          message: both(`type ${value.spec.type} opens it past the gateway.`, `类型 ${value.spec.type} 绕过网关对外开放。`),
        };
    },
  ),
  each(
    ["Service"],
    { name: "service-selects-nothing", fix: both("Select the labels of the Deployment's pods.", "请选择 Deployment 中 Pod 的标签。") },
    function* ({ value }, cluster) {
      const workloads = ofKind(cluster, "Deployment", "StatefulSet");
      if (
        value.spec?.selector !== undefined &&
        !workloads.some((one) => matches(value.spec.selector, one.value.spec?.template?.metadata?.labels))
      )
        yield { path: ["spec", "selector"], message: both("it matches no pod of this folder.", "它与本文件夹中的任何 Pod 都不匹配。") };
    },
  ),
  each(
    ["Service"],
    { name: "service-port-unknown", fix: both("Use the name or number of a port of the container.", "请使用容器端口的名称或编号。") },
    function* ({ value }, cluster) {
      const pods = ofKind(cluster, "Deployment").filter((one) => matches(value.spec?.selector, one.value.spec?.template?.metadata?.labels));
      const open = new Set(
        pods.flatMap(containersOf).flatMap(({ ports }) => (ports ?? []).flatMap((port: Loose) => [port?.name, port?.containerPort])),
      );
      for (const [index, port] of (value.spec?.ports ?? []).entries())
        if (pods.length > 0 && !open.has(port?.targetPort ?? port?.port))
          yield {
            path: ["spec", "ports", index],
            message: both(
              `no container has the port ${port?.targetPort ?? port?.port}.`,
              `没有容器开放端口 ${port?.targetPort ?? port?.port}。`,
            ),
          };
    },
  ),
  each(
    ["HTTPRoute"],
    { name: "router-gives-up", fix: both("Set timeouts.request above the longest deadline.", "请把 timeouts.request 设为大于最长期限。") },
    function* ({ value }, { shape }) {
      const least = routerSeconds(shape);
      for (const [index, rule] of (value.spec?.rules ?? []).entries()) {
        const found = seconds(rule?.timeouts?.request);
        // Without a limit it gives up never.
        if (found === undefined || (found > 0 && found < least - 1))
          yield {
            path: ["spec", "rules", index],
            message: both(
              `the router waits ${found ?? "an unknown time of"} s, and a request may take ${shape.longestDeadlineMs.value} ms.`,
              `路由只等待 ${found ?? "未知的"} 秒，而一个请求可能需要 ${shape.longestDeadlineMs.value} 毫秒。`,
            ),
          };
      }
    },
  ),
  each(
    ["Ingress"],
    {
      name: "ingress-gives-up",
      fix: both(
        "Set nginx.ingress.kubernetes.io/proxy-read-timeout above the longest deadline.",
        "请把 nginx.ingress.kubernetes.io/proxy-read-timeout 设为大于最长期限。",
      ),
    },
    function* ({ value }, { shape }) {
      const found = seconds(value.metadata?.annotations?.["nginx.ingress.kubernetes.io/proxy-read-timeout"] ?? 60);
      if (found !== undefined && found * 1_000 <= shape.longestDeadlineMs.value)
        yield {
          path: ["metadata", "annotations"],
          message: both(
            `the ingress waits ${found} s, and a request may take ${shape.longestDeadlineMs.value} ms.`,
            `Ingress 只等待 ${found} 秒，而一个请求可能需要 ${shape.longestDeadlineMs.value} 毫秒。`,
          ),
        };
    },
  ),
  each(
    ["HTTPRoute", "Ingress"],
    { name: "route-leads-nowhere", fix: both("Name a Service of this folder.", "请写本文件夹中的 Service。") },
    function* ({ value }, cluster) {
      const names = new Set(ofKind(cluster, "Service").map(({ name }) => name));
      const text = JSON.stringify(value.spec ?? {});
      const wanted = [...text.matchAll(/"(?:backendRefs":\[\{"name|service":\{"name)":"([^"]+)"/g)].map(([, name = ""]) => name);
      for (const name of wanted)
        if (!names.has(name)) yield { path: ["spec"], message: both(`there is no Service ${name}.`, `没有名为 ${name} 的 Service。`) };
    },
  ),
  {
    ...{ name: "network-open", fix: both("Add a NetworkPolicy that selects the app's pods.", "请加上选择应用 Pod 的 NetworkPolicy。") },
    *find(cluster) {
      const policies = ofKind(cluster, "NetworkPolicy");
      for (const at of ofKind(cluster, "Deployment"))
        if (!policies.some(({ value }) => matches(value.spec?.podSelector?.matchLabels, at.value.spec?.template?.metadata?.labels)))
          yield { at, message: both("every pod of the cluster reaches its ops port.", "集群中的每个 Pod 都能访问它的运维端口。") };
    },
  },
  each(
    ["NetworkPolicy"],
    { name: "ops-port-open", fix: both("Let the namespace of the monitoring in, with from.", "请用 from 只放行监控所在的命名空间。") },
    function* ({ value }, { shape }) {
      for (const [index, rule] of (value.spec?.ingress ?? []).entries()) {
        const opens = rule?.ports === undefined || rule.ports.some(({ port }: Loose) => isPort(shape.opsPort)(port));
        if (opens && (rule?.from ?? []).length === 0)
          yield {
            path: ["spec", "ingress", index],
            message: both("every pod of the cluster reaches the ops port.", "集群中的每个 Pod 都能访问运维端口。"),
          };
      }
    },
  ),
];
