import type { DeploymentShape } from "../shape.ts";
import type { Manifest } from "../yaml.ts";
import { rollout, type Step, verification } from "./steps.ts";

// An expression of the workflow, not of this program.
const commit = `\${{ github.sha }}`;
const checkout = { uses: "actions/checkout@v6" };
const node = { uses: "actions/setup-node@v6", with: { "node-version": "24.16", cache: "npm" } };
const asStep = ({ name, run }: Step) => ({ name, run });

/** Writes the workflow of GitHub Actions: verification, the image, then each place after the one before. */
export function githubWorkflow(shape: DeploymentShape): Manifest {
  const image = `${shape.image}:${commit}`;
  const place = (name: string, needs: string) => ({
    ...{ needs, "runs-on": "ubuntu-latest", "timeout-minutes": 60, environment: name, if: "github.ref == 'refs/heads/main'" },
    concurrency: { group: `deploy-${name}`, "cancel-in-progress": false },
    env: { PLACE: name, VERSION: commit },
    steps: [checkout, node, { name: "Install", run: "npm ci --ignore-scripts" }, ...rollout(shape).map(asStep)],
  });
  const object = {
    name: shape.name,
    on: { push: { branches: ["main"] }, pull_request: {} },
    permissions: { contents: "read" },
    jobs: {
      verify: {
        ...{ "runs-on": "ubuntu-latest", "timeout-minutes": 30 },
        steps: [
          checkout,
          node,
          ...verification.map(asStep),
          { uses: "actions/upload-artifact@v6", with: { name: "sbom", path: "sbom.json" } },
        ],
      },
      image: {
        ...{ needs: "verify", "runs-on": "ubuntu-latest", "timeout-minutes": 20, if: "github.ref == 'refs/heads/main'" },
        permissions: { contents: "read", packages: "write" },
        steps: [
          checkout,
          { name: "Build", run: `docker build --file deploy/Dockerfile --tag ${image} .` },
          { name: "Push", run: `docker push ${image}` },
        ],
      },
      staging: place("staging", "image"),
      production: { ...place("production", "staging"), env: { PLACE: "prod", VERSION: commit } },
    },
  };
  return { object, comments: [[["permissions", "contents"], "all that verification needs; the image's job alone may write packages"]] };
}
