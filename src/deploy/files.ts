import { compose } from "./compose.ts";
import { dockerfile, dockerignore } from "./docker.ts";
import { kubernetesFiles } from "./kubernetes/manifests.ts";
import { githubWorkflow } from "./pipelines/github.ts";
import { gitlabPipeline } from "./pipelines/gitlab.ts";
import type { DeploymentShape } from "./shape.ts";
import { writeYaml } from "./yaml.ts";

const collector = `# Takes traces, metrics and logs of the app over OTLP and passes them on. Add the exporter of your backend.
receivers:
  otlp:
    protocols:
      http: { endpoint: 0.0.0.0:4318 }
processors:
  memory_limiter: { check_interval: 1s, limit_mib: 256 }
  batch: {}
exporters:
  debug: {}
service:
  pipelines:
    traces: { receivers: [otlp], processors: [memory_limiter, batch], exporters: [debug] }
    metrics: { receivers: [otlp], processors: [memory_limiter, batch], exporters: [debug] }
    logs: { receivers: [otlp], processors: [memory_limiter, batch], exporters: [debug] }
`;

/**
 * Writes all files of a deployment, by their paths.
 * *Guarantees*: the same shape gives the same bytes; each number has the reason that it follows from beside it.
 */
export function deploymentFiles(shape: DeploymentShape): ReadonlyMap<string, string> {
  const yaml = Object.entries(kubernetesFiles(shape)).map(([path, manifests]) => [path, writeYaml(manifests)] as const);
  return new Map([
    ["deploy/Dockerfile", dockerfile(shape)],
    [".dockerignore", dockerignore],
    ["deploy/compose.yaml", writeYaml([compose(shape)])],
    ["deploy/monitor/collector.yaml", collector],
    ...yaml,
    [".github/workflows/deploy.yml", writeYaml([githubWorkflow(shape)])],
    [".gitlab-ci.yml", writeYaml([gitlabPipeline(shape)])],
  ]);
}
