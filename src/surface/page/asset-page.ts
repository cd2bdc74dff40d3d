import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { escapeHtml } from "./html.ts";

/** A page and the policy under which a browser may run it. */
export interface AssetPage {
  readonly html: string;
  readonly contentSecurityPolicy: string;
}

/** The browser's part of a page, as its files hold it. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

/** The files of a page, each after those that it needs. */
export interface PageFiles {
  readonly folder: URL;
  readonly scripts: readonly string[];
  readonly styles: readonly string[];
}

/**
 * Reads the files of a page. A script that stands within a page has no imports: all scripts become one, whose names are known to each other.
 */
export function readPageAssets({ folder, scripts, styles }: PageFiles): PageAssets {
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

/** What a page is made of. */
export interface AssetPageSpec {
  readonly title: string;
  readonly assets: PageAssets;
  /** What its script finds under these names, as JSON. */
  readonly constants: Readonly<Record<string, unknown>>;
  /** HTML. */
  readonly body: string;
}

/** Makes a page of one file, which asks its own origin alone and runs nothing but its own script. */
export function assetPage({ title, assets, constants, body }: AssetPageSpec): AssetPage {
  const { style } = assets;
  const given = Object.entries(constants).map(([name, value]) => `const ${name} = ${scriptJson(value)};`);
  const script = `"use strict";\n(() => {\n${given.join("\n")}\n${assets.script}})();\n`;
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
${body}
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
