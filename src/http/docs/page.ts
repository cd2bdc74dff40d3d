import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { escapeHtml } from "../problem-page/html.ts";
import { words } from "./words.ts";

/** A page and the policy under which a browser may run it. */
export interface DocsPage {
  readonly html: string;
  readonly contentSecurityPolicy: string;
}

/** The browser's part of the page, as its files hold it. */
export interface DocsAssets {
  readonly script: string;
  readonly style: string;
}

const folder = new URL("./assets/", import.meta.url);
// Each needs only those before it.
const scripts = ["page.js", "schema.js", "request.js", "operations.js", "main.js"];
const styles = ["page.css", "operations.css", "operation.css", "narrow.css"];

/**
 * Reads the files of the page, which lie beside this one, so that a package without them fails at the start. A script that stands within a page has no
 * imports: all scripts become one, whose names are known to each other.
 */
export function readAssets(): DocsAssets {
  const read = (name: string) => readFileSync(new URL(name, folder), "utf8");
  const script = scripts
    .map((name) =>
      read(name)
        .replaceAll(/^import [^;]*;\n/gm, "")
        .replaceAll(/^export /gm, ""),
    )
    .join("\n");
  return { script, style: styles.map(read).join("\n") };
}

/**
 * Makes the page of the documents: one file that needs nothing but the document, which it reads from *documentUrl* as seen from the page. It links to
 * *eventDocumentUrl*. *Default*: there is none.
 */
export function docsPage({
  title,
  documentUrl,
  eventDocumentUrl = "",
  assets,
}: {
  readonly title: string;
  readonly documentUrl: string;
  readonly eventDocumentUrl?: string;
  readonly assets: DocsAssets;
}): DocsPage {
  const constants = `const WORDS = ${scriptJson(words)};\nconst DOCUMENT = ${scriptJson(documentUrl)};\nconst EVENTS = ${scriptJson(eventDocumentUrl)};`;
  const { style } = assets;
  const script = `"use strict";\n(() => {\n${constants}\n${assets.script}})();\n`;
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="${icon}">
<style>${style}</style>
</head>
<body>
<svg width="0" height="0" class="offscreen" aria-hidden="true"><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="5" height="5"/><path d="M0 0V5"/></pattern></svg>
<div id="page"><p class="splash">…</p></div>
<noscript><p class="splash">This page needs JavaScript. The document that it shows is <a href="${escapeHtml(documentUrl)}">here</a>.</p></noscript>
<script>${script}</script>
</body>
</html>
`;
  const contentSecurityPolicy = [
    "default-src 'none'",
    `script-src ${hashSource(script)}`,
    `style-src ${hashSource(style)}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join("; ");
  return { html, contentSecurityPolicy };
}

const icon = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#bf3f2a" stroke-width="3.5"><circle cx="16" cy="16" r="9.5"/><path d="M1 16H31"/></svg>')}`;

function hashSource(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** JSON that cannot end the script element in which it stands. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}
