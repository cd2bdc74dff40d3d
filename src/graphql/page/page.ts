import { type AssetPage, assetPage, readPageAssets } from "../../surface/page/asset-page.ts";
import { words } from "./words.ts";

/** Makes the page on which documents are tried: one file, which asks *endpoint*, as seen from the page, and nothing else. Its files lie beside this one. */
export function tryPage(title: string, endpoint: string): AssetPage {
  const assets = readPageAssets({
    folder: new URL("./graphql-page/", import.meta.url),
    scripts: ["page.js", "editor.js", "schema.js", "run.js", "main.js"],
    styles: ["page.css", "editor.css"],
  });
  const body = `<div id="page"></div>
<noscript><p>This page needs JavaScript.</p></noscript>`;
  return assetPage({ title, assets, constants: { WORDS: words, ENDPOINT: endpoint }, body });
}
