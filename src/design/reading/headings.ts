/** Is where a block stands: the headings above it, the outermost first. */
export interface Place {
  readonly path: readonly string[];
  /** The same without the title of the document. */
  readonly sections: readonly string[];
}

/** Is the chain of headings above a place in a document. */
export class HeadingPath {
  #levels: readonly { readonly title: string; readonly depth: number }[] = [];
  #title: string | undefined;
  #place: Place = { path: [], sections: [] };

  /** The headings above what is read now. */
  get place(): Place {
    return this.#place;
  }

  /** Begins the section of a heading, and ends those that are as deep or deeper. A first heading of depth 1 is the title. */
  enter(title: string, depth: number): void {
    this.#levels = [...this.#levels.filter((level) => level.depth < depth), { title, depth }];
    if (this.#title === undefined) this.#title = depth === 1 ? title : "";
    const path = this.#levels.map((level) => level.title);
    this.#place = { path, sections: path.filter((name, index) => index > 0 || name !== this.#title) };
  }
}

const longest = 60;

/**
 * Reads a line that stands as a heading without being one in Markdown: `一、概述`, `2.1 Goals`, `**Performance**`, `PERFORMANCE`.
 * The depth is below that of all real headings.
 */
export function pseudoHeading(line: string): { readonly title: string; readonly depth: number } | undefined {
  if (line.length > longest) return undefined;
  const chapter = /^(?:第[一二三四五六七八九十\d]+[章节部分篇]|[一二三四五六七八九十]{1,3}、)\s*(?<title>\S.*)$/.exec(line);
  if (chapter !== null && !/[。；;，,]/.test(line)) return { title: chapter.groups!.title!, depth: 8 };
  const numbered = /^(?<number>\d{1,2}(?:\.\d{1,2}){1,3})\.?\s+(?<title>[^\d\s].*)$/.exec(line);
  if (numbered !== null && !/[。；;:：≥≤<>]|\.\s/.test(numbered.groups!.title!))
    return { title: numbered.groups!.title!, depth: 9 + numbered.groups!.number!.split(".").length };
  const bold = /^(?:\*\*|__)(?<title>[^*_]+?)[:：]?\s*(?:\*\*|__)[:：]?$/.exec(line);
  if (bold !== null) return { title: bold.groups!.title!, depth: 20 };
  if (/^[A-Z][A-Z &/-]{4,}:?$/.test(line)) return { title: line.replace(/:$/, ""), depth: 15 };
  // "Requirements:" names what follows.
  const label = /^(?<title>[\p{L}][\p{L} &/-]{1,40})[:：]$/u.exec(line);
  return label === null ? undefined : { title: label.groups!.title!, depth: 30 };
}
