import { type AssetPage, assetPage, type PageAssets, readPageAssets } from "../../surface/page/asset-page.ts";
import { escapeHtml } from "../../surface/page/html.ts";
import { words } from "./words.ts";

/** Reads the files of the page, which lie beside this one, so that a package without them fails at the start. */
export function readAssets(): PageAssets {
  return readPageAssets({
    folder: new URL("./assets/", import.meta.url),
    scripts: ["page.js", "schema.js", "request.js", "operations.js", "main.js"],
    styles: ["page.css", "operations.css", "operation.css", "narrow.css"],
  });
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
  readonly assets: PageAssets;
}): AssetPage {
  const body = `<svg width="0" height="0" class="offscreen" aria-hidden="true"><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="5" height="5"/><path d="M0 0V5"/></pattern></svg>
<div id="page"><p class="splash">…</p></div>
<noscript><p class="splash">This page needs JavaScript. The document that it shows is <a href="${escapeHtml(documentUrl)}">here</a>.</p></noscript>`;
  return assetPage({ title, assets, constants: { WORDS: words, DOCUMENT: documentUrl, EVENTS: eventDocumentUrl }, body });
}
