import { readdirSync } from "node:fs";

/** Where a PRD is looked for, in this order; without regard to case. */
const folders = ["", "docs", "doc"];
const names = ["prd.md", "prd.markdown", "prd.txt", "产品需求文档.md", "需求文档.md", "product-requirements.md", "requirements.md"];

/** Finds the PRD of a project. Returns its path relative to the folder, with `/` on every system. */
export function findPrd(folder: string): string | undefined {
  for (const below of folders) {
    const files = filesOf(below === "" ? folder : `${folder}/${below}`);
    for (const name of names) {
      const file = files.find((candidate) => candidate.toLowerCase() === name);
      if (file !== undefined) return below === "" ? file : `${below}/${file}`;
    }
  }
  return undefined;
}

function filesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => name)
      .toSorted();
  } catch {
    return [];
  }
}
