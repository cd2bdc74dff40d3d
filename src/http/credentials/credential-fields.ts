import type { SurfaceHost } from "../../app/surface.ts";
import type { Authenticator } from "../../operation/actor.ts";
import type { CredentialPlace } from "../../operation/authentication/place.ts";
import { readCookies } from "../fields/cookie-text.ts";

/** What a browser says of where a request comes from, or what only a script of the own origin can send. */
const about = ["sec-fetch-site", "x-requested-with"] as const;

/** The lines of a request in which callers present credentials, as they came. */
export interface PickedCredentials {
  readonly lines: ReadonlyMap<string, readonly string[]>;
  /** What is kept of them until the caller is known. */
  readonly chars: number;
}

/** Where the schemes of an app look for credentials, if not in `Authorization`. An app without such schemes has none. */
export class CredentialFields {
  readonly #names: ReadonlySet<string>;

  private constructor(places: readonly CredentialPlace[]) {
    const named = places.flatMap((place) => (place.in === "cookie" ? ["cookie", ...about] : [place.name.toLowerCase()]));
    this.#names = new Set(named);
  }

  static of(authenticator: Authenticator | undefined): CredentialFields | undefined {
    const parts = authenticator?.parts ?? (authenticator === undefined ? [] : [authenticator]);
    const places = parts.flatMap(({ place }) => (place === undefined ? [] : [place]));
    return places.length === 0 ? undefined : new CredentialFields(places);
  }

  /** Takes the lines that are read out of *raw*, names and values in turn. */
  pick(raw: readonly string[]): PickedCredentials {
    const lines = new Map<string, string[]>();
    let chars = 0;
    for (let i = 0; i < raw.length; i += 2) {
      const name = (raw[i] as string).toLowerCase();
      if (!this.#names.has(name)) continue;
      const value = raw[i + 1] as string;
      const before = lines.get(name);
      if (before === undefined) lines.set(name, [value]);
      else before.push(value);
      chars += value.length;
    }
    return { lines, chars };
  }
}

/**
 * Returns what a request has in a place; undefined if it has nothing there. Of a header that stands twice it is empty: it is unknown which one servers in between read.
 * *Faults thrown*: `cookies_too_many`.
 */
export function textAt({ lines }: PickedCredentials, place: CredentialPlace): string | undefined {
  if (place.in === "cookie") return readCookies(lines.get("cookie") ?? [], new Set([place.name])).get(place.name);
  const values = lines.get(place.name.toLowerCase());
  return values === undefined ? undefined : values.length === 1 ? values[0] : "";
}

/** What an app gives to HTTP. */
export interface HttpHost extends SurfaceHost {
  /** Where callers present credentials, if some scheme looks elsewhere than in `Authorization`. */
  readonly credentials: CredentialFields | undefined;
}
