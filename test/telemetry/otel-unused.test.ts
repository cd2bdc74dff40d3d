// What an app without otelApi() pays for it: nothing.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createApp } from "plimsoll";
import { logs, otelApi } from "plimsoll/telemetry";
import { runtimeOf } from "../../src/app/app.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("@opentelemetry/api is loaded when an app with otelApi() starts, and not before (as before)", () => {
  const program = `
    import { registerHooks } from "node:module";
    const asked = new Set();
    registerHooks({ resolve: (specifier, context, next) => (asked.add(specifier), next(specifier, context)) });
    const { createApp } = await import("plimsoll");
    const { logs, otelApi } = await import("plimsoll/telemetry");
    const loaded = [];
    for (const telemetry of [[logs({ destination: { write: () => undefined } })], [otelApi()]]) {
      const app = createApp({ modules: [], surfaces: [], telemetry });
      await app.start();
      loaded.push(asked.has("@opentelemetry/api"));
      await app.stop();
    }
    console.log(loaded.join());`;
  const args = ["--conditions=source", "--input-type=module", "--eval", program];
  assert.equal(execFileSync(process.execPath, args, { encoding: "utf8", cwd: root }), "false,true\n");
});

test("handlers run inside a context only where an app uses otelApi() (as before)", async () => {
  const { execute } = runtimeOf(createApp({ modules: [], surfaces: [] }));
  for (const [telemetry, isPlain] of [
    [[logs({ destination: { write: () => undefined } })], true],
    [[otelApi()], false],
  ] as const) {
    const app = createApp({ modules: [], surfaces: [], telemetry });
    await app.start();
    assert.equal(runtimeOf(app).execute === execute, isPlain);
    await app.stop();
  }
});
