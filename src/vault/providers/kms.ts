import type { Clock } from "../../core/clock.ts";
import { type Fetch, postJson, textIn } from "./http.ts";
import type { KeyProvider } from "./provider.ts";
import { type AwsCredentials, signV4 } from "./sigv4.ts";

/** Options of {@link awsKms}. */
export interface AwsKmsOptions {
  readonly region: string;
  /** The id, the alias (`alias/…`) or the ARN of a symmetric key. */
  readonly keyId: string;
  /** Asked for at each request, so that they can be temporary. */
  readonly credentials: () => AwsCredentials | Promise<AwsCredentials>;
  /** *Default*: `https://kms.<region>.amazonaws.com`. */
  readonly endpoint?: string;
  /** *Default*: the `fetch` of Node.js. */
  readonly fetch?: Fetch;
}

/** Wrapped in this context, a key is unwrapped in it alone. */
const context = { plimsoll: "vault root key" };

/**
 * Makes a provider of AWS KMS, by its HTTP interface: the key never leaves it.
 * *Source*: the AWS KMS API Reference, Encrypt and Decrypt; Signature Version 4.
 * @example vault({ keys: awsKms({ region: "eu-central-1", keyId: "alias/shop", credentials: () => readCredentials() }) })
 */
export function awsKms({ region, keyId, credentials, endpoint, fetch = globalThis.fetch as Fetch }: AwsKmsOptions): KeyProvider {
  const name = `the key ${keyId} of AWS KMS`;
  const url = new URL(endpoint ?? `https://kms.${region}.amazonaws.com`);
  const ask = async (action: "Encrypt" | "Decrypt", fields: object, clock: Clock) => {
    const body = JSON.stringify({ KeyId: keyId, EncryptionContext: context, ...fields });
    const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `TrentService.${action}` };
    const at = new Date(clock.now());
    const signed = signV4({ method: "POST", url, headers, body, service: "kms", region, at, credentials: await credentials() });
    // `host` is signed, and set by fetch.
    const { host: _, ...sent } = signed;
    return postJson({ name, url: url.href, headers: sent, body, fetch, clock });
  };
  return {
    name,
    current: `kms:${keyId}`,
    async wrap(bytes, clock) {
      const { CiphertextBlob } = await ask("Encrypt", { Plaintext: Buffer.from(bytes).toString("base64") }, clock);
      return { key: `kms:${keyId}`, wrapped: textIn(name, CiphertextBlob) };
    },
    async unwrap({ key, wrapped }, clock) {
      const { Plaintext } = await ask("Decrypt", { KeyId: key.slice("kms:".length), CiphertextBlob: wrapped }, clock);
      return Buffer.from(textIn(name, Plaintext), "base64");
    },
  };
}
