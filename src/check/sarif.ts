import type { Language } from "../cli/language.ts";
import { type Finding, rules } from "./finding.ts";
import { texts } from "./texts.ts";

/** Writes findings as a SARIF log, which code hosts show beside the lines. *Source*: SARIF 2.1.0, OASIS. */
export function sarifOf(
  findings: readonly Finding[],
  { language, version }: { readonly language: Language; readonly version: string },
): object {
  const text = texts[language].rules;
  const general = { who: "a module", what: "it" };
  const location = (file: string, line: number, message?: string) => ({
    physicalLocation: { artifactLocation: { uri: encodeURI(file), uriBaseId: "%SRCROOT%" }, region: { startLine: line } },
    ...(message === undefined ? {} : { message: { text: message } }),
  });
  const driver = {
    ...{ name: "plimsoll check", version, informationUri: "https://www.npmjs.com/package/plimsoll" },
    rules: rules.map((id) => ({
      ...{ id, shortDescription: { text: text[id].says(general) }, help: { text: text[id].fix(general) } },
      defaultConfiguration: { level: "error" },
    })),
  };
  const results = findings.map((finding) => ({
    ...{ ruleId: finding.rule, ruleIndex: rules.indexOf(finding.rule), level: "error" },
    message: { text: `${text[finding.rule].says(finding)} ${text[finding.rule].fix(finding)}` },
    locations: [location(finding.file, finding.line)],
    ...(finding.path.length === 0
      ? {}
      : {
          codeFlows: [
            { threadFlows: [{ locations: finding.path.map(({ file, line, name }) => ({ location: location(file, line, name) })) }] },
          ],
        }),
  }));
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver },
        columnKind: "utf16CodeUnits",
        originalUriBaseIds: { "%SRCROOT%": { description: { text: "The folder that was checked." } } },
        results,
      },
    ],
  };
}
