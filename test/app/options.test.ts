import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createApp } from "../../src/app/app.ts";
import type { AppSpec } from "../../src/app/app-spec.ts";

/** As from the environment: types did not look at it. */
const make = (options: unknown) => createApp({ modules: [], ...(options as Partial<AppSpec>) });

describe("options of an app that come from elsewhere", () => {
  const refused: readonly (readonly [options: unknown, message: RegExp])[] = [
    [{ roles: ["http"] }, /createApp: roles: There is no role "http"\. Use "serve", "worker"/],
    [{ roles: ["serve", ""] }, /no role ""/],
    [{ roles: [undefined] }, /no role undefined/],
    [{ limits: { concurrency: Number.NaN } }, /limits\.concurrency: NaN is not a number/],
    [{ limits: { concurrency: 0 } }, /limits\.concurrency: 0 /],
    [{ limits: { concurrency: "64" } }, /limits\.concurrency: "64" /],
    [{ limits: { queue: -1 } }, /limits\.queue: -1 /],
    [{ limits: { queue: Number.POSITIVE_INFINITY } }, /limits\.queue: Infinity /],
    [{ sample: Number.NaN }, /sample: NaN is not a share/],
    [{ sample: 1.5 }, /sample: 1\.5 /],
    [{ sample: -0.1 }, /sample: -0\.1 /],
  ];
  for (const [options, message] of refused) {
    const what = Object.entries(options as object).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
    it(`are refused: ${what} as ${message.source}`, () => assert.throws(() => make(options), { type: "app_invalid", message }));
  }

  it("are refused together", () =>
    assert.throws(() => make({ roles: ["http", "job"], sample: 2, limits: { queue: 0.5 } }), /4 things are wrong/));

  for (const options of [
    { roles: [] },
    { roles: ["worker", "serve"] },
    { limits: { concurrency: 1, queue: 0 } },
    { sample: 0 },
    { sample: 1 },
  ])
    it(`are taken: ${JSON.stringify(options)} (as before)`, () => assert.ok(make(options)));
});
