import { type CheckConfig, type CheckException, matcher } from "./config.ts";
import type { Finding } from "./finding.ts";
import { Operations } from "./project/operations.ts";
import { type Files, Project } from "./project/project.ts";
import { checkBoundaries } from "./rules/boundaries.ts";
import type { Context } from "./rules/context.ts";
import { checkEventLoops } from "./rules/event-loops.ts";
import { checkLayers } from "./rules/layers.ts";
import { checkNetwork } from "./rules/network.ts";
import { packagesOf } from "./rules/packages.ts";
import { checkSecrets } from "./rules/secrets.ts";
import { checkSql } from "./rules/sql.ts";
import { checkTests } from "./rules/tests.ts";

/** What is checked, and by which rules. */
export interface Checked {
  readonly files: Files;
  readonly config?: CheckConfig;
  /** The folder of the project. *Default*: `/`; only tests outside of it need it. */
  readonly root?: string;
  /** The day of the check, as `2026-12-24`: exceptions end. */
  readonly today: string;
}

/** The result of a check. */
export interface Architecture {
  /** In the order of their files and lines. */
  readonly findings: readonly Finding[];
  readonly counts: {
    readonly sources: number;
    readonly tests: number;
    readonly modules: number;
    readonly operations: number;
    readonly excepted: number;
  };
}

/** Checks a project, given as texts by their paths, against every rule. Nothing of the project runs. */
export function checkArchitecture({ files, config = {}, root = "/", today }: Checked): Architecture {
  const project = new Project(files, config);
  const context: Context = { project, operations: new Operations(project), ...packagesOf(config), root: root.replaceAll("\\", "/") };
  const all = [checkLayers, checkBoundaries, checkNetwork, checkSql, checkEventLoops, checkTests, checkSecrets].flatMap((check) =>
    check(context),
  );
  const { kept, excepted } = applyExceptions(all, config.exceptions ?? [], today);
  const findings = kept.toSorted((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
  const { sources, tests, modules } = project;
  return {
    findings,
    counts: { sources: sources.length, tests: tests.size, modules: modules.length, operations: context.operations.all.length, excepted },
  };
}

const configFile = "plimsoll.config.ts";

function applyExceptions(
  findings: readonly Finding[],
  exceptions: readonly CheckException[],
  today: string,
): { readonly kept: readonly Finding[]; readonly excepted: number } {
  const covers = exceptions.map(({ rule, file, until }) => {
    const inFile = matcher([file ?? "**"]);
    return { isOver: until < today, covers: (finding: Finding) => finding.rule === rule && inFile(finding.file) };
  });
  const kept = findings.filter((finding) => !covers.some((one) => !one.isOver && one.covers(finding)));
  const wrong = exceptions.flatMap(({ rule, file, until }, at): Finding[] => {
    const { isOver, covers: matches } = covers[at]!;
    const common = { file: configFile, line: 1, who: file === undefined ? rule : `${rule}, ${file}`, path: [] };
    if (!findings.some(matches)) return [{ ...common, rule: "exception-unused", what: rule }];
    return isOver ? [{ ...common, rule: "exception-expired", what: until }] : [];
  });
  return { kept: [...kept, ...wrong], excepted: findings.length - kept.length };
}
