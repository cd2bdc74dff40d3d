// npm run bench -- <http|query|command|start|types|tasks|task-life|crunch|task-designs|policies|overload|limits|processes|caches|relay|sign-in|streams|sagas|events|webhooks|grpc|graphql|remote|messaging> [--json] [--quick] [--rounds N] [--only name,name] [--seed N]
import { ensureInstalled } from "./harness/install.ts";
import { type Bench, type BenchOptions, readOptions, usage } from "./harness/options.ts";
import { printReport, type Report } from "./harness/report.ts";

// Opened one at a time, and after the packages are there that they import.
const runs: Readonly<Record<Bench, (options: BenchOptions) => Promise<Report>>> = {
  http: async (options) => (await import("./http/bench.ts")).runHttp(options),
  query: async (options) => (await import("./database/bench.ts")).runDatabase("query", options),
  command: async (options) => (await import("./database/bench.ts")).runDatabase("command", options),
  start: async (options) => (await import("./start/bench.ts")).runStart(options),
  tasks: async (options) => (await import("./tasks/bench.ts")).runTasks(options),
  "task-life": async (options) => (await import("./task-life/bench.ts")).runTaskLife(options),
  crunch: async (options) => (await import("./crunch/bench.ts")).runCrunch(options),
  "task-designs": async (options) => (await import("./task-designs/bench.ts")).runTaskDesigns(options),
  policies: async (options) => (await import("./policies/bench.ts")).runPolicies(options),
  overload: async (options) => (await import("./overload/bench.ts")).runOverload(options),
  limits: async (options) => (await import("./limits/bench.ts")).runLimits(options),
  processes: async (options) => (await import("./processes/bench.ts")).runProcesses(options),
  caches: async (options) => (await import("./caches/bench.ts")).runCaches(options),
  relay: async (options) => (await import("./relay/bench.ts")).runRelay(options),
  "sign-in": async (options) => (await import("./sign-in/bench.ts")).runSignIn(options),
  streams: async (options) => (await import("./streams/bench.ts")).runStreams(options),
  sagas: async (options) => (await import("./sagas/bench.ts")).runSagas(options),
  events: async (options) => (await import("./events/bench.ts")).runEvents(options),
  webhooks: async (options) => (await import("./webhooks/bench.ts")).runWebhooks(options),
  grpc: async (options) => (await import("./grpc/bench.ts")).runGrpc(options),
  graphql: async (options) => (await import("./graphql/bench.ts")).runGraphql(options),
  remote: async (options) => (await import("./remote/bench.ts")).runRemote(options),
  messaging: async (options) => (await import("./messaging/bench.ts")).runMessaging(options),
  types: async ({ quick, rounds }) => (await import("./type-check.ts")).runTypes({ rounds: rounds ?? (quick ? 3 : undefined) }),
};

/** Measured with the packages of the root. */
const withRootPackages: readonly Bench[] = ["types", "limits", "processes", "caches", "relay", "sign-in", "streams", "grpc", "remote"];

const asked = readOptions(process.argv.slice(2));
if ("problem" in asked) {
  process.stderr.write(`${asked.problem}\n${usage}\n`);
  process.exitCode = 2;
} else {
  const { bench, options } = asked;
  try {
    if (!withRootPackages.includes(bench)) ensureInstalled();
    const report = await runs[bench](options);
    process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : printReport(report));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? (process.env.DEBUG ? error.stack : error.message) : error}\n`);
    process.exitCode = 1;
  }
}
