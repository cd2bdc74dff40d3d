import { vaultUnavailable } from "../faults.ts";
import { type Fetch, postJson, textIn } from "./http.ts";
import type { KeyProvider } from "./provider.ts";

/** Options of {@link vaultTransit}. */
export interface VaultTransitOptions {
  /** As in `https://vault.internal:8200`. */
  readonly address: string;
  /** The name of a key of the type `aes256-gcm96`. */
  readonly key: string;
  /** A token whose policy allows `encrypt` and `decrypt` with the key; it is asked for at each request. */
  readonly token: () => string | Promise<string>;
  /** Where the secrets engine is mounted. *Default*: `transit`. */
  readonly mount?: string;
  /** *Default*: none. */
  readonly namespace?: string;
  /** *Default*: the `fetch` of Node.js. */
  readonly fetch?: Fetch;
}

/**
 * Makes a provider of the transit secrets engine of HashiCorp Vault, by its HTTP interface: the key never leaves it.
 * *Source*: the API documentation of Vault, "Transit secrets engine", encrypt and decrypt data.
 * @example vault({ keys: vaultTransit({ address: "https://vault.internal:8200", key: "shop", token: () => process.env.VAULT_TOKEN }) })
 */
export function vaultTransit(options: VaultTransitOptions): KeyProvider {
  const { address, key, token, mount = "transit", namespace, fetch = globalThis.fetch as Fetch } = options;
  const name = `the key ${key} of HashiCorp Vault`;
  const ask = async (action: "encrypt" | "decrypt", body: object, clock: Parameters<KeyProvider["wrap"]>[1]) => {
    const headers = {
      "content-type": "application/json",
      "x-vault-token": await token(),
      "x-vault-request": "true",
      ...(namespace !== undefined && { "x-vault-namespace": namespace }),
    };
    const url = `${address.replace(/\/+$/, "")}/v1/${mount}/${action}/${encodeURIComponent(key)}`;
    const { data } = await postJson({ name, url, headers, body: JSON.stringify(body), fetch, clock });
    return (data ?? {}) as Readonly<Record<string, unknown>>;
  };
  return {
    name,
    current: `transit:${key}`,
    async wrap(bytes, clock) {
      const { ciphertext } = await ask("encrypt", { plaintext: Buffer.from(bytes).toString("base64") }, clock);
      return { key: `transit:${key}`, wrapped: textIn(name, ciphertext) };
    },
    async unwrap({ key: by, wrapped }, clock) {
      if (by !== `transit:${key}`)
        throw vaultUnavailable(`A root key of the vault was wrapped by ${by}, and not by ${name}. Give the vault that provider.`);
      const { plaintext } = await ask("decrypt", { ciphertext: wrapped }, clock);
      return Buffer.from(textIn(name, plaintext), "base64");
    },
  };
}
