/** A file of a project that is generated. */
export interface GeneratedFile {
  /** Relative to the project, with `/`. */
  readonly path: string;
  readonly text: string;
  /** `design`: written again from the design as long as no person changed it. `person`: written once. */
  readonly owner: "design" | "person";
}

/** Says at the top of a file that the design decides it. */
export const ofDesign = (hash: "//" | "#" = "//"): string =>
  `${hash} Written by plimsoll api from design/design.json. Change the design instead; if you change this file, it is kept as you leave it.`;

/** Joins lines, leaving out those that are undefined. */
export function lines(...all: readonly (string | undefined)[]): string {
  return `${all.filter((line) => line !== undefined).join("\n")}\n`;
}

/** A list as it stands in an import, an array or an object, within a line or one item a line. */
export function listed(
  items: readonly string[],
  { open, close, indent = "" }: { readonly open: string; readonly close: string; readonly indent?: string },
): string {
  const pad = open === "{" ? " " : "";
  const short = `${open}${pad}${items.join(", ")}${pad}${close}`;
  if (items.length === 0) return `${open}${close}`;
  return short.length + indent.length <= 110
    ? short
    : `${open}\n${items.map((item) => `${indent}  ${item},`).join("\n")}\n${indent}${close}`;
}

/** A text as a string of TypeScript. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}
