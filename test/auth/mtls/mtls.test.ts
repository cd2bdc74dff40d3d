import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { type MtlsOptions, mtls } from "../../../src/auth/mtls/mtls.ts";
import type { HttpTls } from "../../../src/http/tls/tls-options.ts";
import { role } from "../../../src/operation/access.ts";
import { authenticator, badCredential } from "../../../src/operation/actor.ts";
import type { PeerCertificate } from "../../../src/operation/authentication/peer-certificate.ts";
import { action } from "../../../src/operation/online/action.ts";
import { type ServeSpec, serve } from "../../e2e/http/app.ts";
import { requestText } from "../../e2e/http/client.ts";
import { authority, secure, secureWire, server } from "../../e2e/tls/secure.ts";
import { certificate } from "../../upstream/certificates.ts";

const output = z.object({ by: z.string(), kind: z.string() });
const common = { input: z.object({}), output, idempotent: "no", budget: "5s" } as const;
const who = action("t.who", {
  ...{ ...common, access: role("clerk"), http: "POST /who" },
  run: async (_, { actor }) => ({ by: actor.id, kind: actor.kind }),
});
const anyone = action("t.anyone", {
  ...{ ...common, access: "public", http: "POST /anyone" },
  run: async (_, { actor }) => ({ by: actor.id, kind: actor.kind }),
});

const issued = certificate({ name: "till-7", issuer: authority, of: ["till-7.test"] });
const stranger = certificate({ name: "Another authority", isAuthority: true });
const clerk = ({ commonName = "" }: PeerCertificate) =>
  commonName.startsWith("till-")
    ? ({ id: commonName, kind: "service", roles: ["clerk"], tenant: undefined, claims: {} } as const)
    : undefined;
const bearer = authenticator({
  authenticate: (token) =>
    token === "ann" ? { id: "ann", kind: "user", roles: ["clerk"], tenant: undefined, claims: {} } : badCredential("It is unknown."),
});

const open = (options: Partial<MtlsOptions> = {}, { tls, ...spec }: ServeSpec & { readonly tls?: Partial<HttpTls> } = {}) =>
  serve([who, anyone], {
    authentication: mtls({ actor: clerk, ...options }),
    ...spec,
    http: { tls: { cert: server.cert, key: server.key, ca: authority.cert, ...tls }, ...spec.http },
  });
const asked = async (port: number, path: string, { headers = {}, ...shown }: Shown = {}) => {
  const wire = await secureWire(port, shown.cert === undefined ? {} : { cert: shown.cert, key: shown.key! });
  const response = await wire.ask(requestText("POST", path, { body: {}, headers }).toString());
  wire.close();
  return response;
};
interface Shown {
  readonly cert?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

describe("client certificates", () => {
  it("name the caller of an operation", async () => {
    await using served = await open();
    assert.deepEqual((await asked(served.port, "/who", issued)).json, { by: "till-7", kind: "service" });
  });

  it("are asked for, and without one a caller is anonymous", async () => {
    await using served = await open();
    const refused = await asked(served.port, "/who");
    assert.deepEqual(
      [refused.status, refused.json.type, refused.headers["www-authenticate"]],
      [401, "urn:plimsoll:certificate_missing", "Certificate"],
    );
    assert.equal((await asked(served.port, "/anyone")).json.kind, "anonymous");
  });

  const outside = certificate({ name: "till-7", issuer: stranger });
  const past = certificate({ name: "till-7", issuer: authority, from: new Date("2020-01-01"), until: new Date("2021-01-01") });
  for (const [what, shown, says] of [
    ["another authority", outside, /not trusted \(UNABLE_TO/],
    ["a time that is over", past, /not trusted \(CERT_HAS_EXPIRED/],
    ["itself", certificate({ name: "till-7" }), /not trusted \(/],
    ["a caller that the app does not know", certificate({ name: "thief", issuer: authority }), /no caller that this app knows/],
  ] as const)
    it(`of ${what} are refused, by operations for all as well`, async () => {
      await using served = await open();
      for (const path of ["/who", "/anyone"]) {
        const { status, json, headers } = await asked(served.port, path, shown);
        assert.deepEqual([status, json.type], [401, "urn:plimsoll:certificate_refused"]);
        assert.match(json.detail, says);
        assert.equal(headers["www-authenticate"], 'Certificate error="refused"');
      }
    });

  it("of an authority that the server trusts are refused if the scheme lists others", async () => {
    await using served = await open({ ca: stranger.cert }, { tls: { ca: [authority.cert, stranger.cert] } });
    assert.equal((await asked(served.port, "/who", issued)).json.type, "urn:plimsoll:certificate_refused");
    assert.equal((await asked(served.port, "/who", outside)).status, 200);
  });

  it("are refused once they are no longer valid, on a connection that is open", async () => {
    const scheme = mtls({ actor: clerk });
    const facts = { trusted: true, refusal: undefined, commonName: "till-7", validFrom: 1_000, validUntil: 2_000, chain: [] };
    const at = (now: number) => scheme.byCertificate?.(facts as unknown as PeerCertificate, now);
    assert.equal((at(1_999) as { readonly id: string }).id, "till-7");
    for (const now of [999, 2_000]) assert.throws(() => at(now), { type: "certificate_refused" });
  });

  it("end the handshake if they are required", async () => {
    await using served = await open({}, { tls: { clientCertificates: "require", minVersion: "TLSv1.2" } });
    await assert.rejects(secure(served.port, { maxVersion: "TLSv1.2" }));
    await assert.rejects(secure(served.port, { maxVersion: "TLSv1.2", cert: outside.cert, key: outside.key }));
    assert.equal((await asked(served.port, "/who", issued)).status, 200);
  });

  it("come second to a header, beside another scheme, and both stand in the document", async () => {
    const authentication = [bearer, mtls({ actor: clerk, description: "A certificate of a till." })] as const;
    await using served = await open({}, { authentication, http: { documents: true } });
    const withToken = { ...issued, headers: { authorization: "Bearer ann" } };
    assert.equal((await asked(served.port, "/who", withToken)).json.by, "ann");
    assert.equal((await asked(served.port, "/who", issued)).json.by, "till-7");
    // A token that is refused does not become good by a certificate.
    const wrong = await asked(served.port, "/who", { ...issued, headers: { authorization: "Bearer x" } });
    assert.equal(wrong.json.type, "urn:plimsoll:token_invalid");
    assert.equal(wrong.headers["www-authenticate"], 'Bearer error="invalid_token", Certificate');
    const wire = await secureWire(served.port);
    const { json } = await wire.ask("GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n");
    wire.close();
    assert.deepEqual(json.components.securitySchemes.mtls, { type: "mutualTLS", description: "A certificate of a till." });
    assert.deepEqual(json.paths["/who"].post.security, [{ bearer: [] }, { mtls: [] }]);
  });

  it("are data for a scheme of one's own", async () => {
    let seen: PeerCertificate | undefined;
    const scheme = {
      ...mtls({ actor: clerk }),
      byCertificate: (facts: PeerCertificate) => {
        seen = facts;
        return undefined;
      },
    };
    await using served = await open({}, { authentication: scheme });
    const named = certificate({ name: "a", issuer: authority, of: ["one.test", "127.0.0.1", 'two.test, DNS:three.test"'] });
    assert.equal((await asked(served.port, "/anyone", named)).json.kind, "anonymous");
    assert.deepEqual(seen?.alternativeNames, ["DNS:one.test", "IP Address:127.0.0.1", 'DNS:two.test, DNS:three.test"']);
    assert.deepEqual([seen?.trusted, seen?.commonName, seen?.subject, seen?.issuer], [true, "a", "CN=a", "CN=Test authority"]);
    assert.match(seen?.fingerprint ?? "", /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  });

  for (const ca of ["/nowhere/ca.pem", "-----BEGIN NOTHING"])
    it(`with an authority that cannot be read (${ca}) are no scheme`, () => {
      assert.throws(() => mtls({ ca, actor: clerk }), { type: "key_unusable", message: /mtls\(\{ ca \}\).*in PEM/ });
    });
});
