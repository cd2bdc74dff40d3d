import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { readBlocks } from "../../../src/design/reading/blocks.ts";

const document = `---
title: ignored 100 TPS
---
# Shop

## Load

- **API**:
  - 100 TPS
  - nested
    1. deep
- other

| Name | Value |
|------|-------|
| rate | 5 \\| 6 |
| time | 200 ms |

\`\`\`ts
const limit = 100; // 100 TPS
\`\`\`

\`\`\`sql
create table orders (id uuid);
\`\`\`

<!-- 500 TPS -->
Performance
-----------
> quoted 30 ms

**Bold title**
a line
another line
`;

interface Node {
  readonly type: string;
  readonly children?: readonly Node[];
  readonly position?: { readonly start: { readonly offset?: number }; readonly end: { readonly offset?: number } } | undefined;
}

/** The headings and the first lines of list items by a parser of Markdown. */
function byParser(text: string): readonly string[] {
  const found: string[] = [];
  const walk = (node: Node): void => {
    const slice = text.slice(node.position?.start.offset ?? 0, node.position?.end.offset ?? 0);
    if (node.type === "heading") found.push(`heading ${slice.replace(/^#+\s*/, "")}`);
    if (node.type === "tableRow") found.push(`cells ${node.children?.length ?? 0}`);
    for (const child of node.children ?? []) walk(child);
  };
  walk(fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }) as Node);
  return found;
}

describe("the blocks of a document", () => {
  it("have their headings, their labels and their kind", () => {
    const blocks = readBlocks(document).map(({ kind, text, sections, labels }) => [kind, text, sections.join(" > "), labels.join(" / ")]);
    assert.deepEqual(blocks, [
      ["heading", "# Shop", "", ""],
      ["heading", "## Load", "Load", ""],
      ["item", "**API**:", "Load", ""],
      ["item", "100 TPS", "Load", "API"],
      ["item", "nested", "Load", "API"],
      ["item", "deep", "Load", "API / nested"],
      ["item", "other", "Load", ""],
      ["cell", "Name", "Load", ""],
      ["cell", "Value", "Load", ""],
      ["cell", "rate", "Load", "Name"],
      ["cell", "5 \\| 6", "Load", "rate / Value"],
      ["cell", "time", "Load", "Name"],
      ["cell", "200 ms", "Load", "time / Value"],
      ["sql", "create table orders (id uuid);", "Load", ""],
      ["heading", "Performance", "Performance", ""],
      ["text", "quoted 30 ms", "Performance", ""],
      ["heading", "**Bold title**", "Performance > Bold title", ""],
      ["text", "a line", "Performance > Bold title", ""],
      ["text", "another line", "Performance > Bold title", ""],
    ]);
  });

  it("are found in text without Markdown", () => {
    const text = "一、 概述\n1.1 背景\n系统支持 100 TPS\n二、 性能\n响应 ≤1s\nLOAD REQUIREMENTS\nmuch\n";
    assert.deepEqual(
      readBlocks(text).map(({ kind, text, path }) => [kind, text, path.join(" > ")]),
      [
        ["heading", "一、 概述", "概述"],
        ["heading", "1.1 背景", "概述 > 背景"],
        ["text", "系统支持 100 TPS", "概述 > 背景"],
        ["heading", "二、 性能", "性能"],
        ["text", "响应 ≤1s", "性能"],
        ["heading", "LOAD REQUIREMENTS", "性能 > LOAD REQUIREMENTS"],
        ["text", "much", "性能 > LOAD REQUIREMENTS"],
      ],
    );
  });

  it("are read inside a fence of Markdown, closed or not", () => {
    assert.deepEqual(
      readBlocks("```markdown\n# Title\n- 100 TPS").map(({ text }) => text),
      ["# Title", "- 100 TPS".slice(2)],
    );
    assert.deepEqual(readBlocks("```ts\n# no title\n- 100 TPS"), []);
    assert.deepEqual(
      readBlocks("```sql\ncreate table a (id int)").map(({ kind }) => kind),
      ["sql"],
    );
  });

  it("are slices of any text", () => {
    const line = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 20 }),
      fc.constantFrom("# a", "- b", "  - c", "| a | b |", "|---|---|", "```", "```sql", "> d", "<!--", "-->", "", "---"),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        const text = lines.join("\n");
        let last = 0;
        for (const block of readBlocks(text)) {
          assert.equal(text.slice(block.start, block.start + block.text.length), block.text);
          assert.ok(block.start >= last, "out of order");
          last = block.start;
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("have the headings and the rows that a parser of Markdown finds", () => {
    const part = fc.constantFrom(
      "# One\n",
      "## Two\n",
      "text of a line\n",
      "- item\n  - below\n",
      "| a | b |\n|---|---|\n| 1 | 2 |\n",
      "```ts\n# code\n```\n",
      "1. first\n2. second\n",
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
        const text = parts.join("\n");
        const blocks = readBlocks(text);
        const rows = [
          ...Map.groupBy(
            blocks.filter(({ at }) => at !== undefined),
            ({ at }) => `${at!.table}.${at!.row}`,
          ).values(),
        ];
        const headings = blocks.filter(({ kind }) => kind === "heading").map(({ text }) => `heading ${text.replace(/^#+\s*/, "")}`);
        assert.deepEqual([...headings, ...rows.map((row) => `cells ${row.length}`)].toSorted(), byParser(text).toSorted());
      }),
      { numRuns: 300 },
    );
  });
});
