import { HeadingPath, pseudoHeading } from "./headings.ts";
import { cellsOf, isDelimiter } from "./tables.ts";

/** Is one line of a document that says something: a sentence, a list item, a cell of a table, or a statement of SQL. */
export interface Block {
  readonly kind: "heading" | "text" | "item" | "cell" | "sql";
  /** The text as it is written, without the mark of a list. */
  readonly text: string;
  /** Where it begins in the document. *Units*: UTF-16 code units. */
  readonly start: number;
  /** The headings above it, the outermost first. */
  readonly path: readonly string[];
  /** The same without the title of the document. */
  readonly sections: readonly string[];
  /** What names it: the items that it stands below, or the first cell of its row and the head of its column. */
  readonly labels: readonly string[];
  /** Of a cell: its row and column in its table, from 0. The head of a table is row 0. */
  readonly at?: { readonly table: number; readonly row: number; readonly column: number };
}

/**
 * Divides a document into blocks, in its order: Markdown, or text in which lines stand for headings. Code is left out, except for SQL and Markdown in a fence.
 * A document without blank lines has one block a line.
 * *Guarantees*: `document.slice(start, start + text.length)` is the text of a block.
 */
export function readBlocks(document: string): readonly Block[] {
  const reader = new BlockReader();
  let at = frontMatter.exec(document)?.[0].length ?? 0;
  const lines = document.slice(at).split("\n");
  for (const [index, line] of lines.entries()) {
    reader.line(line.endsWith("\r") ? line.slice(0, -1) : line, { start: at, next: lines[index + 1] ?? "" });
    at += line.length + 1;
  }
  reader.endCode(document);
  return reader.blocks;
}

const frontMatter = /^---\r?\n(?:(?:[\w-]+:|\s|#|-\s)[^\n]*\n)*---\r?\n/;
const fence = /^[ \t>]*(?<marks>`{3,}|~{3,})\s*(?<lang>[\w+-]*)/;
const marker = /^(?<indent>[\s│├└─]*)(?:[-*+•·▪◦●○–]|\d{1,3}[.)、]|[（(]\d{1,2}[)）])\s+(?:\[[ xX]\]\s+)?(?=\S)/;
const rule = /^\s*(?:[-*_=|: ─│+]{3,}|<[^>]*>|`+)\s*$/;

/** The most characters of a block. */
const longest = 2_000;

interface LinePlace {
  readonly start: number;
  readonly next: string;
}

/** Reads a document line by line. A parser of all of Markdown takes ten times as long, and what it adds is not used. */
class BlockReader {
  readonly blocks: Block[] = [];
  readonly #path = new HeadingPath();
  #code: { readonly marks: string; readonly sql: boolean; readonly from: number } | undefined;
  #isComment = false;
  #table: { readonly id: number; row: number; heads: readonly string[]; readonly labels: readonly string[] } | undefined;
  #tables = 0;
  #items: readonly { readonly indent: number; readonly label: string }[] = [];

  line(line: string, place: LinePlace): void {
    if (this.#isOutside(line)) return;
    const opened = fence.exec(line);
    if (opened !== null) return this.#openCode(opened.groups!, place.start + line.length + 1);
    const quote = /^(?:\s{0,3}>\s?)+/.exec(line)?.[0].length ?? 0;
    const text = line.slice(quote);
    const start = place.start + quote;
    if (text.trim() === "") {
      this.#table = undefined;
      return;
    }
    if (this.#isRow(text, place.next)) return this.#row(text, start);
    const heading = /^\s{0,12}(?<marks>#{1,6})(?:\s+|(?=[^\s#\d!]))(?<title>.*)$/.exec(text);
    if (heading !== null && heading.groups!.title!.trim() !== "")
      return this.#heading(text, { start, title: heading.groups!.title!, depth: heading.groups!.marks!.length });
    if (
      /^\s{0,3}(?:={2,}|-{2,})\s*$/.test(place.next) &&
      text.length <= 80 &&
      !marker.test(text) &&
      !text.includes("|") &&
      /\p{L}/u.test(text)
    )
      return this.#heading(text, { start, title: text, depth: place.next.trim().startsWith("=") ? 1 : 2 });
    if (!rule.test(text)) this.#text(text, start);
  }

  /** Adds the statements of a fence that the document does not close. */
  endCode(document: string): void {
    if (this.#code?.sql) this.#sql(document.slice(this.#code.from), this.#code.from);
  }

  #sqlLines: string[] = [];

  #isOutside(line: string): boolean {
    if (this.#code !== undefined) {
      const closing = fence.exec(line)?.groups;
      if (closing !== undefined && closing.lang === "" && closing.marks!.startsWith(this.#code.marks)) this.#closeCode();
      else if (this.#code.sql) this.#sqlLines.push(line);
      return true;
    }
    if (this.#isComment) {
      if (line.includes("-->")) this.#isComment = false;
      return true;
    }
    if (!/^\s*<!--/.test(line)) return false;
    this.#isComment = !line.includes("-->");
    return true;
  }

  #openCode({ marks, lang }: Readonly<Record<string, string | undefined>>, from: number): void {
    this.#table = undefined;
    // What a fence calls Markdown is read like the rest.
    if (/^(?:markdown|md)$/i.test(lang ?? "")) return;
    this.#sqlLines = [];
    this.#code = { marks: marks!, sql: /^(?:sql|ddl|pgsql|mysql|postgresql)$/i.test(lang ?? ""), from };
  }

  #closeCode(): void {
    const { sql, from } = this.#code!;
    if (sql) this.#sql(this.#sqlLines.join("\n"), from);
    this.#code = undefined;
  }

  #sql(text: string, start: number): void {
    this.blocks.push({ kind: "sql", text, start, ...this.#path.place, labels: [] });
  }

  #heading(line: string, { start, title, depth }: { readonly start: number; readonly title: string; readonly depth: number }): void {
    this.#items = [];
    this.#table = undefined;
    this.#path.enter(plain(title.replace(/\s#+\s*$/, "")), depth);
    this.blocks.push({ kind: "heading", text: line.trimEnd(), start, ...this.#path.place, labels: [] });
  }

  #text(line: string, start: number): void {
    const item = marker.exec(line);
    const indent = widthOf((item?.groups?.indent ?? /^\s*/.exec(line)![0]).replaceAll(/[│├└─]/g, " "));
    const lead = (item?.[0] ?? /^[\s│├└─]*/.exec(line)![0]).length;
    const text = line.slice(lead).trimEnd();
    if (text === "") return;
    // A line that is indented continues the item above it.
    this.#items = this.#items.filter((above) => above.indent < indent);
    const labels = this.#items.map(({ label }) => label).filter((label) => label !== "");
    if (item === null && this.#items.length === 0) {
      const heading = pseudoHeading(line.trim());
      if (heading !== undefined) {
        this.#path.enter(heading.title, heading.depth);
        this.blocks.push({ kind: "heading", text, start: start + lead, ...this.#path.place, labels: [] });
        return;
      }
    }
    const kind = item === null ? "text" : "item";
    // A document may have no line breaks at all: patterns look at a part of bounded length.
    for (let from = 0; from < text.length; ) {
      const space = text.lastIndexOf(" ", from + longest);
      const until = text.length - from <= longest || space <= from ? Math.min(from + longest, text.length) : space;
      const part = text.slice(from, until);
      const blank = part.length - part.trimStart().length;
      if (blank < part.length)
        this.blocks.push({ kind, text: part.trim(), start: start + lead + from + blank, ...this.#path.place, labels });
      from = until;
    }
    if (item !== null)
      this.#items = [
        ...this.#items,
        {
          indent,
          label: plain(text)
            .replace(/[:：]\s*$/, "")
            .slice(0, 120),
        },
      ];
  }

  #isRow(text: string, next: string): boolean {
    if (!text.includes("|")) this.#table = undefined;
    else if (this.#table === undefined && isDelimiter(next)) {
      const indent = widthOf(/^\s*/.exec(text)![0]);
      const labels = this.#items.filter((above) => above.indent < indent).map(({ label }) => label);
      this.#table = { id: this.#tables++, row: 0, heads: [], labels };
    }
    return this.#table !== undefined;
  }

  #row(line: string, start: number): void {
    const table = this.#table!;
    if (table.row === 1 && isDelimiter(line)) return;
    const cells = cellsOf(line);
    const row = table.row === 0 ? 0 : table.row;
    if (row === 0) table.heads = cells.map(({ text }) => plain(text));
    for (const [column, { text, at }] of cells.entries()) {
      const own =
        row === 0 ? [] : [...kindsBefore(cells, column), ...(column === 0 ? [] : [plain(cells[0]!.text)]), table.heads[column] ?? ""];
      this.blocks.push({
        kind: "cell",
        text,
        start: start + at,
        ...this.#path.place,
        labels: [...table.labels, ...own],
        at: { table: table.id, row, column },
      });
    }
    table.row++;
  }
}

/** What the cells between the first and this one name, such as the category of a requirement. */
function kindsBefore(cells: readonly { readonly text: string }[], column: number): readonly string[] {
  return cells
    .slice(1, Math.max(column, 1))
    .map(({ text }) => plain(text))
    .filter((text) => text.length <= 24 && /^\p{L}[\p{L} -]*$/u.test(text));
}

function widthOf(blank: string): number {
  return blank.replaceAll("\t", "    ").length;
}

/** Returns a text without the marks of Markdown. */
export function plain(text: string): string {
  return text
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/[*`]|~~|(?<![\p{L}\d])_|_(?![\p{L}\d])/gu, "")
    .replaceAll(/\s+/g, " ")
    .trim();
}
