import { stripVTControlCharacters } from "node:util";

/** What terminals draw over two columns. *Source*: Unicode EastAsianWidth, classes W and F, in blocks; emoji that are drawn as such. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f/u;
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Returns how many columns of a terminal a text takes: two for a Chinese character, none for colours and combining marks. */
export function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(stripVTControlCharacters(text)))
    width += wide.test(segment) ? 2 : /^[\p{C}\p{M}]*$/u.test(segment) ? 0 : 1;
  return width;
}

/** Appends blanks until the text takes that many columns. */
export function padTo(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}

/** Breaks a text into lines of at most that many columns: at blanks, and between Chinese characters but not before a mark that ends something. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const piece of text.match(/\p{Script=Han}[，。；：、！？）」』》”]*| *[^\s\p{Script=Han}]+[，。；：、！？）」』》”]*| +/gu) ?? []) {
    if (line !== "" && widthOf(line + piece) > columns) {
      lines.push(line.trimEnd());
      line = piece.trimStart();
    } else line += piece;
  }
  return line.trim() === "" ? lines : [...lines, line.trimEnd()];
}

/** Sets rows in columns that fit their widest cell, two blanks apart; the last column is wrapped at the width of the terminal. */
export function table(rows: readonly (readonly string[])[], { columns, indent = 2 }: { columns: number; indent?: number }): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length - 1));
  const widths = Array.from({ length: count }, (_, at) => Math.max(...rows.map((row) => widthOf(row[at] ?? ""))));
  const margin = indent + widths.reduce((sum, width) => sum + width + 2, 0);
  return rows.flatMap((row) => {
    const head = `${" ".repeat(indent)}${widths.map((width, at) => `${padTo(row[at] ?? "", width)}  `).join("")}`;
    const [first = "", ...others] = wrap(row[count] ?? "", Math.max(minTextColumns, columns - margin));
    return [`${head}${first}`.trimEnd(), ...others.map((line) => `${" ".repeat(margin)}${line}`)];
  });
}

/** A narrower text is harder to read than one that the terminal breaks. */
const minTextColumns = 24;
