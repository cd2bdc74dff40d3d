import type { DeploymentShape } from "../shape.ts";
import type { Manifest } from "../yaml.ts";
import { rollout, verification } from "./steps.ts";

/** Writes the pipeline of GitLab: the same steps as the workflow of GitHub. */
export function gitlabPipeline(shape: DeploymentShape): Manifest {
  const lines = (steps: readonly { readonly run: string }[]) => steps.flatMap(({ run }) => run.split("\n"));
  const onMain = { rules: [{ if: "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" }] };
  const place = (name: string, stage: string) => ({
    ...{ stage, ...onMain, environment: { name: stage }, resource_group: stage },
    variables: { PLACE: name, VERSION: "$CI_COMMIT_SHA" },
    script: lines([{ run: "npm ci --ignore-scripts" }, ...rollout(shape)]),
  });
  const object = {
    stages: ["verify", "image", "staging", "production"],
    default: { image: "node:24.16-slim", interruptible: true, timeout: "30m" },
    verify: { stage: "verify", script: lines(verification), artifacts: { paths: ["sbom.json"] } },
    image: {
      ...{ stage: "image", image: "docker:29", services: ["docker:29-dind"], ...onMain },
      script: [`docker build --file deploy/Dockerfile --tag ${shape.image}:$CI_COMMIT_SHA .`, `docker push ${shape.image}:$CI_COMMIT_SHA`],
    },
    staging: place("staging", "staging"),
    production: { ...place("prod", "production"), when: "manual" },
  };
  return { object, comments: [] };
}
