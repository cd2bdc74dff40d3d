import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Fault } from "../../src/core/fault.ts";
import { requireNode } from "../../src/core/node/version.ts";

describe("requireNode", () => {
  for (const version of ["24.16.0", "24.21.0", "25.0.0", "30.1.2", "24.16.0-nightly2026"])
    test(`takes ${version}`, () => assert.doesNotThrow(() => requireNode(version)));

  for (const version of ["20.20.2", "22.99.0", "24.0.0", "24.15.9", "0.12.1"])
    test(`refuses ${version} and says what to do`, () => {
      assert.throws(
        () => requireNode(version),
        (fault) =>
          fault instanceof Fault &&
          fault.type === "node_too_old" &&
          fault.message.includes(version) &&
          fault.message.includes("npm install"),
      );
    });

  test("agrees with the manifest", () => {
    const { engines } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { engines: { node: string } };
    const oldest = engines.node.replace(">=", "");
    assert.doesNotThrow(() => requireNode(oldest));
    assert.throws(() => requireNode(oldest.replace(/\.(\d+)\.0$/, (_, minor: string) => `.${Number(minor) - 1}.0`)), Fault);
  });
});
