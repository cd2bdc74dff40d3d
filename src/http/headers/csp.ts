import assert from "node:assert";
import { createHash } from "node:crypto";
import type { CspDirective, CspSources } from "../../operation/online/http-head.ts";

const names: Readonly<Record<CspDirective, string>> = {
  ...{ defaultSrc: "default-src", scriptSrc: "script-src", styleSrc: "style-src", imgSrc: "img-src", fontSrc: "font-src" },
  ...{ connectSrc: "connect-src", mediaSrc: "media-src", frameSrc: "frame-src", workerSrc: "worker-src", manifestSrc: "manifest-src" },
  ...{ objectSrc: "object-src", baseUri: "base-uri", formAction: "form-action", frameAncestors: "frame-ancestors" },
};
const keywords = new Set(["self", "none", "unsafe-inline", "unsafe-eval", "strict-dynamic", "wasm-unsafe-eval", "report-sample"]);

/** What a page may do that declares nothing. */
const strict: CspSources = { defaultSrc: ["none"], baseUri: ["none"], formAction: ["none"], frameAncestors: ["none"] };

/**
 * Writes a Content-Security-Policy. *Defaults*: a page loads nothing, has no base, sends no form and is in no frame; what you name is allowed beside that.
 * *Source*: W3C Content Security Policy Level 3.
 * @example csp({ scriptSrc: ["self"], styleSrc: [cspHash(style)], formAction: ["self"] })
 */
export function csp(sources: CspSources): string {
  const all = Object.entries({ ...strict, ...sources }) as [CspDirective, readonly string[]][];
  return all.map(([directive, list]) => `${nameOf(directive)} ${list.map(sourceOf).join(" ") || "'none'"}`).join("; ");
}

/** Allows a script or a style that is within the page: write its text exactly as it is there. */
export function cspHash(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

function nameOf(directive: CspDirective): string {
  assert(Object.hasOwn(names, directive), `csp({ ${directive} }): no directive has this name. There are ${Object.keys(names).join(", ")}.`);
  return names[directive];
}

function sourceOf(source: string): string {
  assert(
    /^[\x21-\x2b\x2d-\x3a\x3c-\x7e]+$/.test(source),
    `csp: "${source}" is not one source. Write each as an item of its own, as in ["self", "https://cdn.example.com"].`,
  );
  return keywords.has(source) ? `'${source}'` : source;
}
