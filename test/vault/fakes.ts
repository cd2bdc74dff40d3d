import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import type { AwsCredentials } from "plimsoll/vault";
import { signV4 } from "../../src/vault/providers/sigv4.ts";

// Stand-ins for HashiCorp Vault and AWS KMS that check what a request must have, and seal for real.

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const master = createHash("sha256").update("the key that never leaves").digest();

function seal(text: string, about: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", master, nonce).setAAD(Buffer.from(about));
  return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64");
}

function open(sealed: string, about: string): string {
  const bytes = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv("aes-256-gcm", master, bytes.subarray(0, 12)).setAAD(Buffer.from(about));
  decipher.setAuthTag(bytes.subarray(-16));
  return decipher.update(bytes.subarray(12, -16), undefined, "utf8") + decipher.final("utf8");
}

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });

/** As the transit engine of HashiCorp Vault responds. *Source*: its API documentation. */
export const fakeTransit =
  ({ token, namespace }: { readonly token: string; readonly namespace?: string }): Fetch =>
  async (url, { method, headers, body }) => {
    const sent = new Headers(headers);
    const [, , mount, action, key] =
      new URL(url).pathname.slice(1).split("/").length === 4 ? ["", ...new URL(url).pathname.slice(1).split("/")] : [];
    if (method !== "POST" && method !== "PUT") return json(405, { errors: ["unsupported operation"] });
    if (sent.get("x-vault-token") !== token || sent.get("x-vault-namespace") !== (namespace ?? null))
      return json(403, { errors: ["permission denied"] });
    if (mount !== "transit" || key !== "shop") return json(404, { errors: [] });
    const fields = JSON.parse(String(body));
    if (action === "encrypt")
      return json(200, { request_id: "r", data: { ciphertext: `vault:v1:${seal(fields.plaintext, "transit")}`, key_version: 1 } });
    if (!String(fields.ciphertext).startsWith("vault:v1:")) return json(400, { errors: ["invalid ciphertext: no prefix"] });
    try {
      return json(200, { request_id: "r", data: { plaintext: open(fields.ciphertext.slice(9), "transit") } });
    } catch {
      return json(400, { errors: ["cipher: message authentication failed"] });
    }
  };

/** As AWS KMS responds; it signs the request again, and compares. *Source*: the AWS KMS API Reference. */
export const fakeKms =
  ({ credentials, now }: { readonly credentials: AwsCredentials; readonly now: () => Date }): Fetch =>
  async (url, { headers, body }) => {
    const sent = Object.fromEntries(new Headers(headers));
    const { authorization, "x-amz-date": _, "x-amz-security-token": __, ...signed } = sent;
    const expected = signV4({
      ...{
        method: "POST",
        url: new URL(url),
        headers: signed,
        body: String(body),
        service: "kms",
        region: "eu-central-1",
        at: now(),
        credentials,
      },
    });
    if (authorization !== expected.authorization)
      return json(400, { __type: "InvalidSignatureException", message: "The request signature does not match" });
    if (sent["content-type"] !== "application/x-amz-json-1.1") return json(400, { __type: "SerializationException" });
    const fields = JSON.parse(String(body));
    if (fields.KeyId !== "alias/shop") return json(400, { __type: "NotFoundException" });
    const about = JSON.stringify(fields.EncryptionContext);
    if (sent["x-amz-target"] === "TrentService.Encrypt")
      return json(200, {
        CiphertextBlob: seal(fields.Plaintext, about),
        KeyId: "arn:aws:kms:eu-central-1:1:key/1",
        EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
      });
    try {
      return json(200, { Plaintext: open(fields.CiphertextBlob, about), KeyId: "arn:aws:kms:eu-central-1:1:key/1" });
    } catch {
      return json(400, { __type: "InvalidCiphertextException" });
    }
  };
