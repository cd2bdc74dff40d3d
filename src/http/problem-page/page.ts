import { createHash } from "node:crypto";
import { escapeHtml } from "../../surface/page/html.ts";
import { securityHeaders } from "../headers/security.ts";
import { HeaderBlock } from "../reply/head.ts";
import { type HttpReply, problem } from "../reply/reply.ts";
import { prefersHtml } from "./accept.ts";

/** A problem document as it is written. */
interface ProblemDocument {
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly type: string;
  readonly requestId: string;
  readonly problems?: readonly { readonly pointer: string; readonly message: string }[];
  readonly cause?: unknown;
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 40rem; margin: 12vh auto 4rem; padding: 0 1.5rem; }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0 0 1rem; }
h1 span { color: #bf3f2a; margin-right: .5rem; }
ul { padding-left: 1.25rem; }
code, pre { font: .875rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { overflow: auto; padding: 1rem; border: 1px solid #8886; white-space: pre-wrap; }
footer { margin-top: 2rem; padding-top: 1rem; border-top: 1px solid #8886; font-size: .875rem; opacity: .8; }
`;
const policy = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
const page = new HeaderBlock([
  ...securityHeaders.with(securityHeaders.indexOf("content-security-policy") + 1, policy),
  ...["content-type", "text/html; charset=utf-8", "vary", "Accept"],
]);

/** A reply as its reader wants it: a problem document becomes a page with the same status and headers, if the client prefers HTML. */
export function forPerson(reply: HttpReply, accept: string | undefined): HttpReply {
  if (reply.constant !== problem || !prefersHtml(accept)) return reply;
  const { status, headers, body } = reply;
  return { status, headers, constant: page, body: htmlOf(JSON.parse(body) as ProblemDocument) };
}

function htmlOf({ title, status, detail, type, requestId, problems = [], cause }: ProblemDocument): string {
  const items = problems.map(({ pointer, message }) => `<li><code>${escapeHtml(pointer || "/")}</code> ${escapeHtml(message)}</li>`);
  const shownCause = cause === undefined ? "" : `<pre>${escapeHtml(textOf(cause))}</pre>\n`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${status} ${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1><span>${status}</span>${escapeHtml(title)}</h1>
<p>${escapeHtml(detail)}</p>
${items.length > 0 ? `<ul>${items.join("")}</ul>\n` : ""}${shownCause}<footer>Request <code>${escapeHtml(requestId)}</code><br><code>${escapeHtml(type)}</code></footer>
</main>
</body>
</html>
`;
}

/** The cause as developers read it: its stack on lines of their own. */
function textOf(cause: unknown): string {
  return JSON.stringify(cause, null, 2).replaceAll("\\n", "\n");
}
