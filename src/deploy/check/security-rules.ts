import { containersOf, cores, type Loose, mebibytes, podOf } from "./placed.ts";
import { each, type Rule } from "./rule.ts";

const workloads = ["Deployment", "StatefulSet", "Job"];
const deployments = ["Deployment"];
const pod = ["spec", "template", "spec"];
const atContainer = (index: number, ...path: readonly (string | number)[]) => [...pod, "containers", index, ...path];
const secretName = /(secret|password|passwd|token|private_?key|api_?key|credential)/i;
const withPassword = /^[a-z]+:\/\/[^/\s:@]+:[^/\s@]+@/i;

/** Makes a rule on each container. */
function eachContainer(
  kinds: readonly string[],
  about: Pick<Rule, "name" | "fix">,
  look: (container: Loose, pod: Loose) => string | undefined,
): Rule {
  return each(kinds, about, function* (object) {
    for (const [index, container] of containersOf(object).entries()) {
      const message = look(container, podOf(object));
      if (message !== undefined) yield { path: atContainer(index), message };
    }
  });
}

/** Rules on images, rights, secrets and what a container may use. */
export const securityRules: readonly Rule[] = [
  eachContainer(workloads, { name: "image-untagged", fix: "Name a version: registry/app:1.2.3, or a digest." }, ({ image }) =>
    /(:latest|^[^:@]*(:\d+\/[^:@]*)?)$/.test(String(image ?? ""))
      ? `the image ${image} is another one tomorrow, so that no rollout can be undone.`
      : undefined,
  ),
  eachContainer(
    workloads,
    { name: "runs-as-root", fix: "Set securityContext: { runAsNonRoot: true, runAsUser: 10001 }." },
    ({ securityContext: own }, all) => {
      const user = own?.runAsUser ?? all?.securityContext?.runAsUser;
      const nonRoot = own?.runAsNonRoot ?? all?.securityContext?.runAsNonRoot;
      return user === 0 || (nonRoot !== true && user === undefined) ? "it may run as root." : undefined;
    },
  ),
  eachContainer(workloads, { name: "privileged", fix: "Remove privileged and the added capabilities." }, ({ securityContext: own }) =>
    own?.privileged === true || (own?.capabilities?.add?.length ?? 0) > 0 ? "it has rights over the node." : undefined,
  ),
  eachContainer(
    workloads,
    { name: "root-writable", fix: "Set readOnlyRootFilesystem: true, and mount an emptyDir at /tmp." },
    ({ securityContext: own }) => (own?.readOnlyRootFilesystem === true ? undefined : "what breaks in can change the program."),
  ),
  eachContainer(workloads, { name: "gains-rights", fix: "Set allowPrivilegeEscalation: false." }, ({ securityContext: own }) =>
    own?.allowPrivilegeEscalation === false ? undefined : "a program in it may gain rights by setuid.",
  ),
  eachContainer(workloads, { name: "memory-unbounded", fix: "Set resources.limits.memory and the same request." }, ({ resources }) =>
    mebibytes(resources?.limits?.memory) === undefined ? "it may take all memory of the node." : undefined,
  ),
  eachContainer(deployments, { name: "memory-overcommitted", fix: "Request as much memory as the limit." }, ({ resources }) => {
    const [request, limit] = [mebibytes(resources?.requests?.memory), mebibytes(resources?.limits?.memory)];
    return limit !== undefined && (request === undefined || request < limit)
      ? "it is evicted before it reaches its limit, because it asked for less."
      : undefined;
  }),
  eachContainer(
    deployments,
    { name: "heap-beyond-memory", fix: "Set --max-old-space-size to three quarters of the memory." },
    ({ command, args, env, resources }) => {
      const limit = mebibytes(resources?.limits?.memory);
      const heap = /--max-old-space-size=(\d+)/.exec(JSON.stringify([command, args, env]))?.[1];
      if (limit === undefined) return undefined;
      if (heap === undefined) return "Node.js sizes its heap by the node's rule, not by what the app plans with.";
      return Number(heap) > limit * 0.85
        ? `a heap of ${heap} MiB in ${limit} MiB: the kernel kills it before it collects garbage.`
        : undefined;
    },
  ),
  eachContainer(deployments, { name: "cpu-not-a-core", fix: "Request one core for each process: cpu: 1." }, ({ resources }) => {
    const found = cores(resources?.requests?.cpu);
    if (found === undefined) return "it asks for no processor, so that its line is what neighbours leave.";
    return found < 0.5 || found > 2 ? `it asks for ${found} cores, and a process of Node.js uses one.` : undefined;
  }),
  each(workloads, { name: "secret-in-clear", fix: "Take it from a Secret: envFrom: [{ secretRef: { name } }]." }, function* (object) {
    for (const [index, { env }] of containersOf(object).entries())
      for (const [at, { name, value } = {} as Loose] of (env ?? []).entries())
        if (value !== undefined && (secretName.test(String(name)) || withPassword.test(String(value))))
          yield { path: atContainer(index, "env", at), message: `${name} stands in the file in clear.` };
  }),
  each(deployments, { name: "owner-in-app", fix: "Give the owner's address to the migration Job alone." }, function* (object) {
    for (const [index, container] of containersOf(object).entries())
      if (/ADMIN_DATABASE_URL|-owner"/.test(JSON.stringify([container.env, container.envFrom])))
        yield { path: atContainer(index), message: "the app gets the owner's address, which row-level security does not hold." };
  }),
  eachContainer(deployments, { name: "not-production", fix: "Set NODE_ENV: production." }, ({ env }) =>
    (env ?? []).some((one: Loose) => one?.name === "NODE_ENV" && one.value === "production")
      ? undefined
      : "problems show their cause to callers outside production.",
  ),
  each(workloads, { name: "token-mounted", fix: "Set automountServiceAccountToken: false." }, function* (object) {
    if (podOf(object)?.automountServiceAccountToken !== false) yield { path: pod, message: "what breaks in gets a token of the cluster." };
  }),
  each(workloads, { name: "on-the-host", fix: "Remove hostNetwork, hostPID and hostPath." }, function* (object) {
    const found = podOf(object);
    const hasPath = (found?.volumes ?? []).some((volume: Loose) => volume?.hostPath !== undefined);
    if (found?.hostNetwork === true || found?.hostPID === true || hasPath)
      yield { path: pod, message: "it sees the node's network, processes or files." };
  }),
];
