// Designs and models of documents, in memory.

import type { Design } from "../../src/design/planning/design.ts";
import { makeDesign } from "../../src/design/planning/make-design.ts";
import { readRequirements } from "../../src/design/reading/read-requirements.ts";
import type { AppModel } from "../../src/generate/model/model.ts";
import { readModel } from "../../src/generate/model/read-model.ts";

/** The design that `plimsoll design --assume` makes of a document. */
export function designOf(prd: string, language: "en" | "zh" = "en"): Design {
  return makeDesign(readRequirements(prd, { file: "PRD.md" }), { answers: [], language });
}

/** The model of that design. It goes through JSON, as the command does. */
export function modelOf(prd: string, language: "en" | "zh" = "en"): AppModel {
  return readModel(JSON.parse(JSON.stringify(designOf(prd, language))) as Design);
}
