import { existsSync } from "node:fs";
import { join } from "node:path";
import { defineVerb } from "../verb.ts";

/** `plimsoll api`: writes the code of a design, or what changed in it. */
export const api = defineVerb({
  name: "api",
  also: ["接口"],
  summary: {
    en: "Writes the code of the design: contracts, handlers, SQL, roles, tests and entry points; later what changed in it.",
    zh: "根据设计生成代码：契约、处理函数、SQL、角色、测试和入口；之后只生成变化的部分。",
  },
  example: {
    line: "api",
    does: {
      en: "Writes the project, or brings it to the design and keeps what you changed.",
      zh: "生成项目，或按新的设计更新项目并保留你的修改。",
    },
  },
  options: {},
  isNext: (folder) => existsSync(join(folder, "design/design.json")) && !existsSync(join(folder, "design/manifest.json")),
  async run({ folder, language }) {
    const { runApi } = await import("../../generate/run-api.ts");
    return runApi({ folder, language });
  },
});
