import type { AppModel, ModuleModel } from "../model/model.ts";
import { kebab } from "../model/names.ts";
import { appFiles, writeModule } from "./app.ts";
import { sharedWorkFiles, workFiles } from "./background/parts.ts";
import { writeContract } from "./contract.ts";
import { documents } from "./documents.ts";
import type { GeneratedFile } from "./file.ts";
import { writeHandler, writeOwns, writeRule } from "./handlers.ts";
import { projectFiles } from "./project.ts";
import { writeSamples } from "./samples.ts";
import { writeTables } from "./table.ts";
import { writeModuleTests, writePropertyTests, writeRuleTests } from "./tests/module-tests.ts";
import { writeCrashTest, writeServiceTest } from "./tests/process.ts";
import { writeChaosTest, writeLoadTest, writeSecurityTest } from "./tests/strain.ts";
import { writeWorkTests } from "./tests/work.ts";

/** Writes all files of a project but its migrations, which follow from what was there before. *Guarantees*: the same model gives the same bytes. */
export function filesOf(app: AppModel): readonly GeneratedFile[] {
  const { samples, open } = writeSamples(app);
  const ofProcess = [
    ["crash", writeCrashTest(app)],
    ["chaos", writeChaosTest(app)],
    ["security", writeSecurityTest(app)],
    ["load", writeLoadTest(app)],
  ] as const;
  return [
    ...projectFiles(app),
    ...documents(app),
    ...appFiles(app),
    { path: "src/samples.ts", owner: "design", text: samples },
    ...sharedWorkFiles(app),
    ...app.modules.flatMap(moduleFiles),
    { path: "test/open.ts", owner: "design", text: open },
    ...app.modules.map(
      (module) => ({ path: `test/${module.name}.test.ts`, owner: "design", text: writeModuleTests(module, app) }) as const,
    ),
    ...app.modules.flatMap((module) => {
      const parts = { rules: writeRuleTests(module), properties: writePropertyTests(module, app), work: writeWorkTests(module, app) };
      return Object.entries(parts).flatMap(([name, text]) =>
        text === undefined ? [] : [{ path: `test/${module.name}.${name}.test.ts`, owner: "design", text } as const],
      );
    }),
    { path: "test/service.test.ts", owner: "design", text: writeServiceTest(app) },
    ...ofProcess.flatMap(([name, text]) => (text === undefined ? [] : [{ path: `test/${name}.test.ts`, owner: "design", text } as const])),
  ];

  function moduleFiles(module: ModuleModel): readonly GeneratedFile[] {
    const at = (name: string, owner: GeneratedFile["owner"], text: string): GeneratedFile => ({
      path: `src/${module.name}/${name}`,
      owner,
      text,
    });
    return [
      at("contract.ts", "design", writeContract(module, app)),
      at("tables.ts", "design", writeTables(module)),
      at("module.ts", "design", writeModule(module, app.isTenanted)),
      ...workFiles(module, app.isTenanted),
      ...module.entities.map((entity) => at(`operations/owns-${kebab(entity.key)}.ts`, "person", writeOwns(entity, module))),
      ...module.entities.flatMap((entity) =>
        entity.transitions.map(({ verb }) => at(`domain/${kebab(verb)}-${kebab(entity.key)}.ts`, "person", writeRule(entity, verb))),
      ),
      ...module.operations.map((operation) => at(`operations/${operation.name}.ts`, "person", writeHandler(operation, module))),
    ];
  }
}
