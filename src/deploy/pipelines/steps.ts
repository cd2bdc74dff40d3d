import type { DeploymentShape } from "../shape.ts";

/** One step of a pipeline: what it is called and what it runs. */
export interface Step {
  readonly name: string;
  readonly run: string;
}

/** What must hold before an image is made, fast first. */
export const verification: readonly Step[] = [
  { name: "Install", run: "npm ci --ignore-scripts" },
  { name: "Lint", run: "npm run lint --if-present" },
  { name: "Types", run: "npx tsc --noEmit" },
  { name: "Architecture", run: "npx plimsoll check" },
  { name: "Contracts", run: "npx plimsoll contracts" },
  { name: "Tests", run: "npm test" },
  { name: "Audit", run: "npm audit --omit=dev --audit-level=high" },
  { name: "SBOM", run: "npm sbom --sbom-format=cyclonedx > sbom.json" },
  { name: "Deployment", run: "npx plimsoll deploy check" },
  { name: "Load", run: "npx plimsoll load --gate" },
];

/** What brings a version to a place. `$VERSION` and `$PLACE` are set by the pipeline. */
export function rollout(shape: DeploymentShape): readonly Step[] {
  const { name, strategy } = shape;
  const workload = shape.roles.find(({ role }) => role !== "worker")?.role === "all" ? name : `${name}-serve`;
  const files = "deploy/kubernetes/$PLACE";
  const migrate: readonly Step[] = [
    {
      // A Job cannot be changed: each version has one of its own.
      name: "Version",
      run: `sed -i -e "s#image: ${shape.image}:.*#image: ${shape.image}:$VERSION#" -e "s#name: ${name}-migrate-.*#name: ${name}-migrate-\${VERSION:0:12}#" ${files}/*.yaml`,
    },
    { name: "Account and network", run: `kubectl apply -f ${files}/10-account.yaml` },
    {
      name: "Migrations",
      run: [
        `kubectl apply -f ${files}/20-migrate.yaml`,
        `kubectl wait --for=condition=complete --timeout=30m -f ${files}/20-migrate.yaml`,
      ].join("\n"),
    },
  ];
  const all: Step = {
    name: "Roll out",
    run: [`kubectl apply -f ${files}`, `kubectl rollout status deployment/${workload} --timeout=10m`].join("\n"),
  };
  if (strategy === "rolling") return [...migrate, all];
  if (strategy === "canary")
    return [
      ...migrate,
      {
        name: "Canary",
        run: [
          `kubectl set image deployment/${workload}-canary ${name}=${shape.image}:$VERSION`,
          `kubectl rollout status deployment/${workload}-canary --timeout=5m`,
        ].join("\n"),
      },
      { name: "Judge the canary", run: "npx plimsoll slo --for 10m --track canary" },
      all,
    ];
  return [
    ...migrate,
    {
      name: "Fill the set of processes that serves nothing",
      run: [
        `now=$(kubectl get service ${workload} -o "jsonpath={.spec.selector.plimsoll\\.dev/track}")`,
        'next=$([ "$now" = blue ] && echo green || echo blue)',
        `kubectl set image "deployment/${workload}-$next" ${name}=${shape.image}:$VERSION`,
        `kubectl rollout status "deployment/${workload}-$next" --timeout=10m`,
        `kubectl patch service ${workload} -p "{\\"spec\\":{\\"selector\\":{\\"plimsoll.dev/track\\":\\"$next\\"}}}"`,
      ].join("\n"),
    },
    { name: "Judge the new version", run: "npx plimsoll slo --for 10m" },
  ];
}
