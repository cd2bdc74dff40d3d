// What a page loads for a client: counted in bytes, and nothing of Node.js or of the server in it.
import assert from "node:assert/strict";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));
const bytesMost = 5 * 1024;

/** Bundles a program for browsers; what browsers do not have fails to resolve. */
async function bundle(contents: string) {
  const result = await build({
    ...{ stdin: { contents, resolveDir: root }, bundle: true, minify: true, format: "esm", platform: "browser", target: "es2022" },
    ...{ conditions: ["source"], write: false, metafile: true, logLevel: "silent" },
  } as const);
  const [output] = Object.values(result.metafile.outputs);
  return { bytes: gzipSync(result.outputFiles[0]!.contents, { level: 9 }).length, files: Object.keys(output!.inputs) };
}

it(`a client in a page has at most ${bytesMost} bytes, gzipped`, async (t) => {
  const { bytes, files } = await bundle('import { client } from "plimsoll/client"; globalThis.api = client({ url: "https://a" });');
  t.diagnostic(`${bytes} bytes`);
  assert.ok(bytes <= bytesMost, `${bytes} bytes`);
  assert.deepEqual(
    files.filter((file) => file !== "<stdin>" && !file.startsWith("src/client/")),
    ["src/core/fault.ts"],
  );
});

it("the front door of the server cannot be bundled for a page by mistake (as before)", () =>
  assert.rejects(bundle('import { query } from "plimsoll"; globalThis.query = query;'), /Could not resolve "node:/));
