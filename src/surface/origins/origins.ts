import assert from "node:assert";
import { warnOfListener } from "../../core/signals.ts";

/**
 * Says which origins may read replies in a browser: any one (`"*"`); those of a list, in which `https://*.example.com` stands for every name of one
 * label before `.example.com`; or those that a function takes.
 */
export type Origins = "*" | readonly string[] | ((origin: string) => boolean);

const longest = 2_048;
const written = /^https?:\/\/(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;
const wildcard = /^(https?:\/\/)\*(\.[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,5})?)$/;

/** Makes the function that says whether an origin is allowed by `cors` of a surface. Asserts that each text of a list is an origin as browsers send it. */
export function allowedOrigins(origins: Origins, surface: "http" | "grpc"): (origin: string) => boolean {
  if (origins === "*") return () => true;
  if (typeof origins === "function") return asked(origins, surface);
  const exact = new Set<string>();
  const patterns: RegExp[] = [];
  for (const text of origins) {
    const parts = wildcard.exec(text);
    if (parts !== null) patterns.push(new RegExp(`^${parts[1]}[a-z0-9](?:[a-z0-9-]*[a-z0-9])?${(parts[2] ?? "").replaceAll(".", "\\.")}$`));
    else {
      assert(
        isOrigin(text) && URL.parse(text)?.origin === text,
        `${surface}({ cors }) allows ${JSON.stringify(text)}, which no browser sends as an origin. Write scheme, host and port, as in "https://app.example.com" or "https://*.example.com", without a path.`,
      );
      exact.add(text);
    }
  }
  assert(exact.size + patterns.length > 0, `${surface}({ cors }) allows no origin. Name one, or leave cors out.`);
  return (origin) => exact.has(origin) || (isOrigin(origin) && patterns.some((pattern) => pattern.test(origin)));
}

/** Whether a text can be the origin of a page: not `null`, which pages of any origin can be made to send. */
function isOrigin(text: string): boolean {
  return text.length <= longest && written.test(text);
}

function asked(allows: (origin: string) => boolean, surface: string): (origin: string) => boolean {
  return (origin) => {
    try {
      // It is written into a header, so only what looks like an origin is asked about.
      return isOrigin(origin) && allows(origin) === true;
    } catch (error) {
      warnOfListener(`The function of ${surface}({ cors: { origins } })`, error);
      return false;
    }
  };
}
