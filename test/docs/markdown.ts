/** A fenced block of a document. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** Of its first fence, counted from 1. */
  readonly line: number;
  /** The file that it is quoted from, as the comment above it says. */
  readonly source: string | undefined;
}

export interface Heading {
  readonly depth: number;
  readonly text: string;
}

/** A document taken apart, as far as its tests look at it. */
export interface Markdown {
  readonly blocks: readonly Block[];
  readonly headings: readonly Heading[];
  /** Targets of links and images outside of code. */
  readonly links: readonly string[];
  /** Everything outside of fenced blocks. */
  readonly prose: string;
}

const marker = /^<!-- from (\S+) -->$/;
const fence = /^(\s*)```(\w*)$/;

export function readMarkdown(text: string): Markdown {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  const prose: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const opening = fence.exec(lines[at]!);
    if (opening === null) {
      prose.push(lines[at]!);
      continue;
    }
    const end = lines.findIndex((line, index) => index > at && line.trim() === "```");
    const last = end < 0 ? lines.length : end;
    const before = lines.slice(0, at).findLast((line) => line.trim() !== "") ?? "";
    blocks.push({
      language: opening[2] ?? "",
      text: lines.slice(at + 1, last).join("\n"),
      line: at + 1,
      source: marker.exec(before.trim())?.[1],
    });
    at = last;
  }
  const outside = prose.join("\n");
  return {
    blocks,
    headings: [...outside.matchAll(/^(#{1,6}) (.+)$/gm)].map(([, marks, title]) => ({ depth: marks!.length, text: title! })),
    links: [...outside.replaceAll(/`[^`\n]*`/g, "").matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!),
    prose: outside,
  };
}

/** The anchor that a heading gets where documents are shown. */
export function anchorOf({ text }: Heading): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
}

/** One text with the whitespace of another may stand in it at another depth. */
export function squeezed(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
