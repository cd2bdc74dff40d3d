import { compose } from "./compose.ts";
import { dockerfile, dockerignore } from "./docker.ts";
import { kubernetesFiles } from "./kubernetes/manifests.ts";
import { observingFiles } from "./observing.ts";
import { githubWorkflow } from "./pipelines/github.ts";
import { gitlabPipeline } from "./pipelines/gitlab.ts";
import type { DeploymentShape } from "./shape.ts";
import { writeYaml } from "./yaml.ts";

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
    ...[...observingFiles(shape)].map(([path, manifest]) => [path, writeYaml([manifest])] as const),
    ...yaml,
    [".github/workflows/deploy.yml", writeYaml([githubWorkflow(shape)])],
    [".gitlab-ci.yml", writeYaml([gitlabPipeline(shape)])],
  ]);
}
