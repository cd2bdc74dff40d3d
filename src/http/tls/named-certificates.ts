import type { SecureContext } from "node:tls";
import { Fault } from "../../core/fault.ts";
import { limits as bounds } from "../../core/limits.ts";
import { Certificates, type CertificatesOptions } from "./certificates.ts";
import { tlsInvalid } from "./secrets.ts";
import type { HttpTls, Secrets } from "./tls-options.ts";

const hostName = /^(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;

interface Named {
  readonly certificates: Certificates;
  context: SecureContext;
}

/** What the certificates of a server by name need. */
export interface NamedCertificatesOptions extends Pick<CertificatesOptions, "runtime"> {
  readonly tls: HttpTls;
  /** Makes what a handshake is made with. */
  contextOf(secrets: Secrets): SecureContext;
}

/**
 * The certificates of a server that has several, by the name that a client asks for; each is read again when its files change.
 * *Bounds*: `limits.serverNames`. *Source*: RFC 6066 section 3.
 */
export class NamedCertificates {
  readonly #byName = new Map<string, Named>();

  /** *Faults thrown*: `failed_precondition` of type `tls_invalid`. */
  constructor({ tls, runtime, contextOf }: NamedCertificatesOptions) {
    const { names = {}, minVersion, ca } = tls;
    const all = Object.entries(names);
    if (all.length > bounds.serverNames) throw tlsInvalid(`There are ${all.length} names, and at most ${bounds.serverNames} are possible.`);
    for (const [given, pair] of all) {
      const name = given.toLowerCase();
      if (!hostName.test(name))
        throw tlsInvalid(`names has ${JSON.stringify(given)}, which is no host name. Write one as in "shop.example" or "*.example".`);
      const own = { ...pair, ...(minVersion && { minVersion }), ...(ca !== undefined && { ca }) };
      this.#byName.set(name, this.#open(name, { tls: own, runtime, contextOf }));
    }
  }

  #open(name: string, { tls, runtime, contextOf }: NamedCertificatesOptions): Named {
    const replaced = (secrets: Secrets): void => {
      named.context = contextOf(secrets);
    };
    let named: Named;
    try {
      const certificates = new Certificates({ tls, runtime, name, replaced });
      named = { certificates, context: contextOf(certificates.current) };
      return named;
    } catch (error) {
      throw error instanceof Fault ? tlsInvalid(`${name}: ${error.message}`, error.cause) : error;
    }
  }

  /** For a name that a client asks for; undefined where there is none. */
  find(asked: string): SecureContext | undefined {
    const name = asked.toLowerCase();
    const found = this.#byName.get(name) ?? this.#byName.get(`*${name.slice(name.indexOf("."))}`);
    return found?.context;
  }

  watch(): void {
    for (const { certificates } of this.#byName.values()) certificates.watch();
  }

  stop(): void {
    for (const { certificates } of this.#byName.values()) certificates.stop();
  }
}
