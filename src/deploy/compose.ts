import { dashboardsFolder, rulesFolder } from "./observing.ts";
import { type DeploymentShape, graceSeconds, type RoleShape } from "./shape.ts";
import type { Comment, Manifest } from "./yaml.ts";

const every = (test: readonly string[]) => ({ test, interval: "5s", timeout: "3s", retries: 12 });
/** Nothing gains rights that it was not started with. */
const held = { restart: "unless-stopped", security_opt: ["no-new-privileges:true"] };

/** Writes the app with PostgreSQL, a collector, Prometheus, Jaeger, Loki and Grafana for one machine. Secrets come from files that are not committed. */
export function compose(shape: DeploymentShape): Manifest {
  const { usesRedis } = shape;
  const first = shape.roles[0] as RoleShape;
  const object = {
    services: {
      migrate: {
        ...{ build: "..", command: ["node", "src/migrate.ts"], env_file: ["secrets/owner.env"] },
        depends_on: { postgres: { condition: "service_healthy" } },
        security_opt: held.security_opt,
      },
      ...Object.fromEntries(shape.roles.map((role) => [role.role === "all" ? "app" : role.role, app(shape, role)])),
      postgres: {
        ...{ image: "postgres:18.1", ...held, env_file: ["secrets/postgres.env"] },
        command: ["postgres", "-c", `max_connections=${shape.maxConnections.value}`],
        healthcheck: every(["CMD-SHELL", "pg_isready --username postgres"]),
        volumes: ["postgres:/var/lib/postgresql"],
        shm_size: "256m",
      },
      ...(usesRedis && { redis: { image: "redis:8.4", ...held, healthcheck: every(["CMD", "redis-cli", "ping"]) } }),
      collector: {
        ...{ image: "otel/opentelemetry-collector:0.140.0", ...held, command: ["--config=/etc/collector.yaml"] },
        volumes: ["./monitor/collector.yaml:/etc/collector.yaml:ro"],
      },
      prometheus: {
        ...{ image: "prom/prometheus:v3.8.0", ...held, ports: ["127.0.0.1:9090:9090"] },
        command: ["--config.file=/etc/monitor/prometheus.yaml", "--storage.tsdb.path=/prometheus"],
        secrets: ["ops-token"],
        volumes: [
          "./monitor/prometheus.yaml:/etc/monitor/prometheus.yaml:ro",
          `../monitor/prometheus/rules:${rulesFolder}:ro`,
          "prometheus:/prometheus",
        ],
      },
      jaeger: { image: "jaegertracing/jaeger:2.11.0", ...held, ports: ["127.0.0.1:16686:16686"] },
      loki: { image: "grafana/loki:3.5.7", ...held, volumes: ["loki:/loki"] },
      grafana: {
        ...{ image: "grafana/grafana:12.3.0", ...held, ports: ["127.0.0.1:3001:3000"], env_file: ["secrets/grafana.env"] },
        volumes: [
          "./monitor/grafana:/etc/grafana/provisioning:ro",
          `../monitor/grafana:${dashboardsFolder}:ro`,
          "grafana:/var/lib/grafana",
        ],
      },
    },
    volumes: { postgres: {}, prometheus: {}, grafana: {}, loki: {} },
    secrets: { "ops-token": { file: "secrets/ops-token" } },
  };
  const service = first.role === "all" ? "app" : first.role;
  const comments: readonly Comment[] = [
    [["services", service, "stop_grace_period"], `shutdownDelay, shutdown and 5 s to close: ${shape.shutdownMs.from}`],
    [["services", service, "mem_limit"], first.memoryMb.from],
    [["services", "postgres", "command", 2], shape.maxConnections.from],
  ];
  return { object, comments };
}

function app(shape: DeploymentShape, role: RoleShape): object {
  const { port, opsPort } = shape;
  const serves = role.role !== "worker";
  return {
    ...{ build: "..", ...held, env_file: ["secrets/app.env"], read_only: true, tmpfs: ["/tmp"], cap_drop: ["ALL"] },
    environment: {
      PORT: String(port),
      OPS_PORT: String(opsPort),
      OTLP_URL: "http://collector:4318",
      ...(role.role !== "all" && { ROLES: role.role }),
    },
    ...(serves && { ports: [`127.0.0.1:${port}:${port}`] }),
    mem_limit: `${role.memoryMb.value}m`,
    stop_grace_period: `${graceSeconds(shape)}s`,
    depends_on: { migrate: { condition: "service_completed_successfully" }, postgres: { condition: "service_healthy" } },
  };
}
