import type { Both } from "../../cli/language.ts";
import { both, containersOf, cores, type Loose, mebibytes, podOf } from "./placed.ts";
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
  look: (container: Loose, pod: Loose) => Both<string> | undefined,
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
  eachContainer(
    workloads,
    { name: "image-untagged", fix: both("Name a version: registry/app:1.2.3, or a digest.", "请写明版本（registry/app:1.2.3）或摘要。") },
    ({ image }) =>
      /(:latest|^[^:@]*(:\d+\/[^:@]*)?)$/.test(String(image ?? ""))
        ? both(
            `the image ${image} is another one tomorrow, so that no rollout can be undone.`,
            `镜像 ${image} 明天可能就不是同一个了，因此无法回滚。`,
          )
        : undefined,
  ),
  eachContainer(
    workloads,
    {
      name: "runs-as-root",
      fix: both(
        "Set securityContext: { runAsNonRoot: true, runAsUser: 10001 }.",
        "请设置 securityContext: { runAsNonRoot: true, runAsUser: 10001 }。",
      ),
    },
    ({ securityContext: own }, all) => {
      const user = own?.runAsUser ?? all?.securityContext?.runAsUser;
      const nonRoot = own?.runAsNonRoot ?? all?.securityContext?.runAsNonRoot;
      return user === 0 || (nonRoot !== true && user === undefined) ? both("it may run as root.", "它可能以 root 运行。") : undefined;
    },
  ),
  eachContainer(
    workloads,
    { name: "privileged", fix: both("Remove privileged and the added capabilities.", "请去掉 privileged 和添加的能力。") },
    ({ securityContext: own }) =>
      own?.privileged === true || (own?.capabilities?.add?.length ?? 0) > 0
        ? both("it has rights over the node.", "它拥有对节点的权限。")
        : undefined,
  ),
  eachContainer(
    workloads,
    {
      name: "root-writable",
      fix: both(
        "Set readOnlyRootFilesystem: true, and mount an emptyDir at /tmp.",
        "请设置 readOnlyRootFilesystem: true，并在 /tmp 挂载 emptyDir。",
      ),
    },
    ({ securityContext: own }) =>
      own?.readOnlyRootFilesystem === true ? undefined : both("what breaks in can change the program.", "入侵者可以修改程序。"),
  ),
  eachContainer(
    workloads,
    { name: "gains-rights", fix: both("Set allowPrivilegeEscalation: false.", "请设置 allowPrivilegeEscalation: false。") },
    ({ securityContext: own }) =>
      own?.allowPrivilegeEscalation === false
        ? undefined
        : both("a program in it may gain rights by setuid.", "其中的程序可能通过 setuid 获得权限。"),
  ),
  eachContainer(
    workloads,
    {
      name: "memory-unbounded",
      fix: both("Set resources.limits.memory and the same request.", "请设置 resources.limits.memory 及相同的 request。"),
    },
    ({ resources }) =>
      mebibytes(resources?.limits?.memory) === undefined
        ? both("it may take all memory of the node.", "它可能占用节点的全部内存。")
        : undefined,
  ),
  eachContainer(
    deployments,
    { name: "memory-overcommitted", fix: both("Request as much memory as the limit.", "请求的内存请与上限相同。") },
    ({ resources }) => {
      const [request, limit] = [mebibytes(resources?.requests?.memory), mebibytes(resources?.limits?.memory)];
      return limit !== undefined && (request === undefined || request < limit)
        ? both("it is evicted before it reaches its limit, because it asked for less.", "它请求的内存少于上限，在达到上限之前就会被驱逐。")
        : undefined;
    },
  ),
  eachContainer(
    deployments,
    {
      name: "heap-beyond-memory",
      fix: both("Set --max-old-space-size to three quarters of the memory.", "请把 --max-old-space-size 设为内存的四分之三。"),
    },
    ({ command, args, env, resources }) => {
      const limit = mebibytes(resources?.limits?.memory);
      const heap = /--max-old-space-size=(\d+)/.exec(JSON.stringify([command, args, env]))?.[1];
      if (limit === undefined) return undefined;
      if (heap === undefined)
        return both(
          "Node.js sizes its heap by the node's rule, not by what the app plans with.",
          "Node.js 按自己的规则决定堆大小，而不是按应用的规划。",
        );
      return Number(heap) > limit * 0.85
        ? both(
            `a heap of ${heap} MiB in ${limit} MiB: the kernel kills it before it collects garbage.`,
            `${limit} MiB 内存中堆为 ${heap} MiB：在垃圾回收之前就会被内核结束。`,
          )
        : undefined;
    },
  ),
  eachContainer(
    deployments,
    { name: "cpu-not-a-core", fix: both("Request one core for each process: cpu: 1.", "请为每个进程请求一个核：cpu: 1。") },
    ({ resources }) => {
      const found = cores(resources?.requests?.cpu);
      if (found === undefined)
        return both("it asks for no processor, so that its line is what neighbours leave.", "它没有请求处理器，载重线取决于邻居剩下多少。");
      return found < 0.5 || found > 2
        ? both(`it asks for ${found} cores, and a process of Node.js uses one.`, `它请求 ${found} 个核，而一个 Node.js 进程只用一个。`)
        : undefined;
    },
  ),
  each(
    workloads,
    {
      name: "secret-in-clear",
      fix: both("Take it from a Secret: envFrom: [{ secretRef: { name } }].", "请从 Secret 读取：envFrom: [{ secretRef: { name } }]。"),
    },
    function* (object) {
      for (const [index, { env }] of containersOf(object).entries())
        for (const [at, { name, value } = {} as Loose] of (env ?? []).entries())
          if (value !== undefined && (secretName.test(String(name)) || withPassword.test(String(value))))
            yield {
              path: atContainer(index, "env", at),
              message: both(`${name} stands in the file in clear.`, `${name} 以明文写在文件中。`),
            };
    },
  ),
  each(
    deployments,
    { name: "owner-in-app", fix: both("Give the owner's address to the migration Job alone.", "请只把所有者的地址交给迁移 Job。") },
    function* (object) {
      for (const [index, container] of containersOf(object).entries())
        if (/ADMIN_DATABASE_URL|-owner"/.test(JSON.stringify([container.env, container.envFrom])))
          yield {
            path: atContainer(index),
            message: both(
              "the app gets the owner's address, which row-level security does not hold.",
              "应用拿到了所有者的地址，而行级安全对所有者不起作用。",
            ),
          };
    },
  ),
  eachContainer(
    deployments,
    { name: "not-production", fix: both("Set NODE_ENV: production.", "请设置 NODE_ENV: production。") },
    ({ env }) =>
      (env ?? []).some((one: Loose) => one?.name === "NODE_ENV" && one.value === "production")
        ? undefined
        : both("problems show their cause to callers outside production.", "非生产模式会向调用方显示错误的原因。"),
  ),
  each(
    workloads,
    { name: "token-mounted", fix: both("Set automountServiceAccountToken: false.", "请设置 automountServiceAccountToken: false。") },
    function* (object) {
      if (podOf(object)?.automountServiceAccountToken !== false)
        yield { path: pod, message: both("what breaks in gets a token of the cluster.", "入侵者会得到集群的令牌。") };
    },
  ),
  each(
    workloads,
    { name: "on-the-host", fix: both("Remove hostNetwork, hostPID and hostPath.", "请去掉 hostNetwork、hostPID 和 hostPath。") },
    function* (object) {
      const found = podOf(object);
      const hasPath = (found?.volumes ?? []).some((volume: Loose) => volume?.hostPath !== undefined);
      if (found?.hostNetwork === true || found?.hostPID === true || hasPath)
        yield { path: pod, message: both("it sees the node's network, processes or files.", "它能看到节点的网络、进程或文件。") };
    },
  ),
];
