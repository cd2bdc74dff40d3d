import { routerSeconds } from "../kubernetes/network.ts";
import { containersOf, type Loose, matches, seconds } from "./placed.ts";
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
    ...{ name: "version-removed", fix: "Use the version that the message names." },
    *find({ objects }) {
      for (const at of objects) {
        const now = removed[String(at.value.apiVersion)];
        if (now !== undefined)
          yield { at, path: ["apiVersion"], message: `Kubernetes no longer serves ${at.value.apiVersion}: use ${now}.` };
      }
    },
  },
  {
    ...{ name: "named-twice", fix: "Rename one, or remove it." },
    *find({ objects }) {
      const seen = new Set<string>();
      for (const at of objects) {
        const key = `${at.kind}/${at.value.metadata?.namespace ?? ""}/${at.name}`;
        if (seen.has(key)) yield { at, path: ["metadata", "name"], message: "there are two of this kind and name: the last one wins." };
        seen.add(key);
      }
    },
  },
  each(
    ["Service"],
    { name: "ops-port-served", fix: "Remove the ops port from the Service: probes and Prometheus reach the pods." },
    function* ({ value }, { shape }) {
      const ports: readonly Loose[] = value.spec?.ports ?? [];
      for (const [index, port] of ports.entries())
        if ([port?.port, port?.targetPort].some(isPort(shape.opsPort)))
          yield { path: ["spec", "ports", index], message: "it leads callers to the ops port, which can pause queues and requeue tasks." };
    },
  ),
  each(["Service"], { name: "service-on-nodes", fix: "Use type: ClusterIP, and a route of the gateway." }, function* ({ value }) {
    if (["NodePort", "LoadBalancer"].includes(String(value.spec?.type)))
      yield { path: ["spec", "type"], message: `type ${value.spec.type} opens it past the gateway.` };
  }),
  each(
    ["Service"],
    { name: "service-selects-nothing", fix: "Select the labels of the Deployment's pods." },
    function* ({ value }, cluster) {
      const workloads = ofKind(cluster, "Deployment", "StatefulSet");
      if (
        value.spec?.selector !== undefined &&
        !workloads.some((one) => matches(value.spec.selector, one.value.spec?.template?.metadata?.labels))
      )
        yield { path: ["spec", "selector"], message: "it matches no pod of this folder." };
    },
  ),
  each(
    ["Service"],
    { name: "service-port-unknown", fix: "Use the name or number of a port of the container." },
    function* ({ value }, cluster) {
      const pods = ofKind(cluster, "Deployment").filter((one) => matches(value.spec?.selector, one.value.spec?.template?.metadata?.labels));
      const open = new Set(
        pods.flatMap(containersOf).flatMap(({ ports }) => (ports ?? []).flatMap((port: Loose) => [port?.name, port?.containerPort])),
      );
      for (const [index, port] of (value.spec?.ports ?? []).entries())
        if (pods.length > 0 && !open.has(port?.targetPort ?? port?.port))
          yield { path: ["spec", "ports", index], message: `no container has the port ${port?.targetPort ?? port?.port}.` };
    },
  ),
  each(
    ["HTTPRoute"],
    { name: "router-gives-up", fix: "Set timeouts.request above the longest deadline." },
    function* ({ value }, { shape }) {
      const least = routerSeconds(shape);
      for (const [index, rule] of (value.spec?.rules ?? []).entries()) {
        const found = seconds(rule?.timeouts?.request);
        if (found === undefined || found < least - 1)
          yield {
            path: ["spec", "rules", index],
            message: `the router waits ${found ?? "an unknown time of"} s, and a request may take ${shape.longestDeadlineMs.value} ms.`,
          };
      }
    },
  ),
  each(
    ["Ingress"],
    { name: "ingress-gives-up", fix: "Set nginx.ingress.kubernetes.io/proxy-read-timeout above the longest deadline." },
    function* ({ value }, { shape }) {
      const found = seconds(value.metadata?.annotations?.["nginx.ingress.kubernetes.io/proxy-read-timeout"] ?? 60);
      if (found !== undefined && found * 1_000 <= shape.longestDeadlineMs.value)
        yield {
          path: ["metadata", "annotations"],
          message: `the ingress waits ${found} s, and a request may take ${shape.longestDeadlineMs.value} ms.`,
        };
    },
  ),
  each(["HTTPRoute", "Ingress"], { name: "route-leads-nowhere", fix: "Name a Service of this folder." }, function* ({ value }, cluster) {
    const names = new Set(ofKind(cluster, "Service").map(({ name }) => name));
    const text = JSON.stringify(value.spec ?? {});
    const wanted = [...text.matchAll(/"(?:backendRefs":\[\{"name|service":\{"name)":"([^"]+)"/g)].map(([, name = ""]) => name);
    for (const name of wanted) if (!names.has(name)) yield { path: ["spec"], message: `there is no Service ${name}.` };
  }),
  {
    ...{ name: "network-open", fix: "Add a NetworkPolicy that selects the app's pods." },
    *find(cluster) {
      const policies = ofKind(cluster, "NetworkPolicy");
      for (const at of ofKind(cluster, "Deployment"))
        if (!policies.some(({ value }) => matches(value.spec?.podSelector?.matchLabels, at.value.spec?.template?.metadata?.labels)))
          yield { at, message: "every pod of the cluster reaches its ops port." };
    },
  },
  each(
    ["NetworkPolicy"],
    { name: "ops-port-open", fix: "Let the namespace of the monitoring in, with from." },
    function* ({ value }, { shape }) {
      for (const [index, rule] of (value.spec?.ingress ?? []).entries()) {
        const opens = rule?.ports === undefined || rule.ports.some(({ port }: Loose) => isPort(shape.opsPort)(port));
        if (opens && (rule?.from ?? []).length === 0)
          yield { path: ["spec", "ingress", index], message: "every pod of the cluster reaches the ops port." };
      }
    },
  ),
];
