import type { DeploymentShape } from "./shape.ts";
import type { Comment, Manifest } from "./yaml.ts";

/** Where the collector, and what it sends to, listen in compose. */
const hosts = { collector: "collector", jaeger: "jaeger", loki: "loki", prometheus: "prometheus" } as const;
/** Where the container of Prometheus has the rules that `plimsoll monitor` writes. */
export const rulesFolder = "/etc/monitor/rules";
/** Where that of Grafana has the dashboards. */
export const dashboardsFolder = "/etc/monitor/dashboards";
/** Where compose shows the token of the ops port. */
const tokenFile = "/run/secrets/ops-token";

/** The files by which compose observes the app, by their paths. */
export function observingFiles(shape: DeploymentShape): ReadonlyMap<string, Manifest> {
  return new Map([
    ["deploy/monitor/collector.yaml", collector],
    ["deploy/monitor/prometheus.yaml", prometheus(shape)],
    ["deploy/monitor/grafana/datasources/sources.yaml", sources],
    ["deploy/monitor/grafana/dashboards/files.yaml", dashboards],
  ]);
}

const exporter = (exporters: readonly string[]) => ({ receivers: ["otlp"], processors: ["memory_limiter", "batch"], exporters });

/** Takes traces, metrics and logs over OTLP, and passes them on. */
const collector: Manifest = {
  object: {
    receivers: { otlp: { protocols: { http: { endpoint: "0.0.0.0:4318" } } } },
    processors: { memory_limiter: { check_interval: "1s", limit_mib: 256 }, batch: {} },
    exporters: {
      "otlp/jaeger": { endpoint: `${hosts.jaeger}:4317`, tls: { insecure: true } },
      "otlphttp/loki": { endpoint: `http://${hosts.loki}:3100/otlp` },
      debug: {},
    },
    service: { pipelines: { traces: exporter(["otlp/jaeger"]), logs: exporter(["otlphttp/loki"]), metrics: exporter(["debug"]) } },
  },
  comments: [
    [["processors", "memory_limiter", "limit_mib"], "what comes beyond is refused, and the app drops it: telemetry never holds up work"],
    [
      ["service", "pipelines", "metrics", "exporters"],
      "Prometheus reads them from the ops port; name an exporter here if your backend takes them over OTLP",
    ],
  ],
};

/** Reads every process, and evaluates the rules of `plimsoll monitor`. */
function prometheus({ roles, opsPort, name }: DeploymentShape): Manifest {
  const targets = roles.map(({ role }) => `${role === "all" ? "app" : role}:${opsPort}`);
  const object = {
    global: { scrape_interval: "15s", evaluation_interval: "30s" },
    rule_files: [`${rulesFolder}/*.yaml`],
    scrape_configs: [{ job_name: name, authorization: { type: "Bearer", credentials_file: tokenFile }, static_configs: [{ targets }] }],
  };
  const comments: readonly Comment[] = [
    [["global", "scrape_interval"], "four samples in the shortest window of an alert, one minute"],
    [["scrape_configs", 0, "authorization", "credentials_file"], "the same token as in the ops of createApp"],
  ];
  return { object, comments };
}

/** Where Grafana finds metrics, logs and traces, and how one leads to the other. */
const sources: Manifest = {
  object: {
    apiVersion: 1,
    datasources: [
      {
        ...{ name: "Prometheus", uid: "prometheus", type: "prometheus" },
        access: "proxy",
        url: `http://${hosts.prometheus}:9090`,
        isDefault: true,
      },
      {
        ...{ name: "Loki", uid: "loki", type: "loki", access: "proxy", url: `http://${hosts.loki}:3100` },
        // A dollar stands for a variable of the environment; two stand for one.
        jsonData: {
          derivedFields: [
            { name: "trace", matcherType: "label", matcherRegex: "trace_id", url: "$${__value.raw}", datasourceUid: "jaeger" },
          ],
        },
      },
      {
        ...{ name: "Jaeger", uid: "jaeger", type: "jaeger", access: "proxy", url: `http://${hosts.jaeger}:16686` },
        jsonData: { tracesToLogsV2: { datasourceUid: "loki", filterByTraceID: true } },
      },
    ],
  },
  comments: [],
};

const dashboards: Manifest = {
  object: {
    apiVersion: 1,
    providers: [{ name: "plimsoll monitor", type: "file", disableDeletion: true, options: { path: dashboardsFolder } }],
  },
  comments: [[["providers", 0, "options", "path"], "what plimsoll monitor writes into monitor/grafana"]],
};
