import type { Design } from "../planning/design.ts";
import { pictures, svg } from "./diagrams.ts";
import { writeMarkdown } from "./markdown.ts";
import { designSchema } from "./schema.ts";

/** Writes a design: the names of its files with their content. The same design gives the same bytes. */
export function writeDesign(design: Design): ReadonlyMap<string, string> {
  const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
  return new Map([
    ["design.json", json({ $schema: "./design.schema.json", ...design })],
    ["design.schema.json", json(designSchema)],
    ["DESIGN.md", writeMarkdown(design)],
    ...Object.entries(pictures).map(([name, picture]) => [`${name}.svg`, svg(picture(design))] as const),
  ]);
}
