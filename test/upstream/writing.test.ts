// What a caller may send into a path, a query or a header changes that part of the request and nothing else.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Fault } from "../../src/core/fault.ts";
import { appendHeaders } from "../../src/upstream/request/headers.ts";
import { readBase, type TargetParts, targetOf } from "../../src/upstream/request/target.ts";
import { open, serve } from "./open-upstream.ts";

const base = readBase("prices", "https://prices.example.com/inner/v2/");
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(..."./\\%2eE2fF5cC?#;@: \r\n\0\t&=+{}", "%2e", "%252e", "..", "é", "\ud800"),
    fc.string({ minLength: 1, maxLength: 1 }),
  ),
  maxLength: 20,
});

/** The target, or undefined where it was refused by its fault. */
function written(parts: TargetParts): string | undefined {
  try {
    return targetOf("prices", base, parts);
  } catch (thrown) {
    assert.ok(thrown instanceof Fault && thrown.type === "upstream_path_invalid" && thrown.code === "invalid_argument", String(thrown));
    return undefined;
  }
}

/** All ways in which a server may read a path: it decodes it so many times, and takes a backslash for a slash or does not. */
function readings(target: string): string[] {
  const found: string[] = [];
  let path = target.split("?", 1)[0]!;
  for (let times = 0; times < 4; times++) {
    found.push(path, path.replaceAll("\\", "/"));
    try {
      path = decodeURIComponent(path);
    } catch {
      break;
    }
  }
  return found;
}

describe("a path", () => {
  it("stays below the base URL, however a server reads it", () =>
    fc.assert(
      fc.property(
        fc.oneof(
          hostile,
          hostile.map((text) => `/${text}`),
        ),
        (path) => {
          const target = written({ path });
          if (target === undefined) return;
          assert.match(target, /^\/inner\/v2\/[\x21-\x7e]*$/);
          for (const reading of readings(target)) {
            const { origin, pathname } = new URL(reading.replace(/[#?].*$/s, ""), "https://prices.example.com");
            assert.equal(origin, "https://prices.example.com");
            assert.ok(pathname.startsWith("/inner/v2/"), `${JSON.stringify(reading)} leads to ${pathname}`);
          }
        },
      ),
      { numRuns: 3_000 },
    ));

  it("has each parameter as one segment, and its value whole", () =>
    fc.assert(
      fc.property(hostile, (value) => {
        const target = written({ path: "/a/{sku}/b", params: { sku: value } });
        if (target === undefined) return;
        const segments = target.split("/");
        assert.equal(segments.length, 6);
        assert.equal(decodeURIComponent(segments[4]!), value);
      }),
      { numRuns: 2_000 },
    ));

  it("has each value of the query whole", () =>
    fc.assert(
      fc.property(hostile, hostile, (name, value) => {
        const target = written({ path: "/a", query: { [name]: [value, "z"] } });
        if (target === undefined) return;
        assert.deepEqual(
          [...new URLSearchParams(target.split("?")[1])],
          [
            [name, value],
            [name, "z"],
          ],
        );
      }),
      { numRuns: 2_000 },
    ));

  it("that is an ordinary one is not refused", () => {
    for (const path of ["/", "/a", "/a/", "/a.b/..c/d..", "/%C3%A9", "/a%2Fb", "/100%25", "/~u/@x:y;z=1,2", "/a?b=c&d=/e?f"])
      assert.equal(written({ path }), `/inner/v2${path}`);
    for (const sku of ["...", "a/b", "100%", "%", "é", "a..b", ".a"]) assert.ok(written({ path: "/{sku}", params: { sku } }), sku);
    for (const path of [
      "",
      "a",
      "//a",
      "/a//b",
      "/..",
      "/a/../b",
      "/%2e%2e/",
      "/.%2E",
      "/..%2fa",
      "/%252e%252e/",
      "/..;a",
      "/a b",
      "/a#b",
      "/\\",
      "/%",
      "/%ff",
      "/%00",
    ])
      assert.equal(written({ path }), undefined, path);
    for (const sku of ["", ".", "..", "../a", "..\\a", "..;", "a/../b", "\0", "\ud800"])
      assert.equal(written({ path: "/{sku}", params: { sku } }), undefined, sku);
  });

  it("without the value of a parameter is a bug", () => {
    assert.throws(() => targetOf("prices", base, { path: "/{sku}", params: {} }), /has the parameter sku/);
    assert.throws(() => targetOf("prices", base, { path: "/{toString}", params: {} }), /has the parameter toString/);
  });
});

describe("a header", () => {
  it("ends no line, and sets none that is the client's", () =>
    fc.assert(
      fc.property(fc.oneof(hostile, fc.constantFrom("Host", "X-A", "transfer-encoding", "Traceparent")), hostile, (name, value) => {
        const list: string[] = [];
        try {
          appendHeaders("prices", list, { [name]: value });
        } catch (thrown) {
          assert.ok(thrown instanceof Fault && thrown.type === "upstream_header_invalid", String(thrown));
          return;
        }
        assert.match(list[0]!, /^[a-z0-9!#$%&'*+.^_`|~-]+$/);
        assert.doesNotMatch(list.join(""), /[\0\r\n]/);
        assert.ok(!["host", "transfer-encoding", "traceparent"].includes(list[0]!));
      }),
      { numRuns: 3_000 },
    ));

  it("that was accepted arrives as it was, and no other does", async (t) => {
    const upstream = await serve(t, (_, response) => response.end());
    const { client } = open(t, upstream.url, { timeout: "20s", connections: 1 });
    await client.request({ method: "GET", path: "/" });
    const usual = upstream.requests.pop()!.rawHeaders.length;
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (value, name) => {
        const accepted = await client.request({ method: "GET", path: "/", headers: { "x-a": value, [`x-b-${name}`]: "b" } }).then(
          () => true,
          () => false,
        );
        if (!accepted) return;
        const { rawHeaders } = upstream.requests.pop()!;
        assert.equal(rawHeaders.length, usual + 4);
        assert.equal(rawHeaders[rawHeaders.indexOf("x-a") + 1], value.trim());
      }),
      { numRuns: 300 },
    );
  });
});
