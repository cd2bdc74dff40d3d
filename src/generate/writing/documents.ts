import type { AppModel } from "../model/model.ts";
import { type GeneratedFile, lines } from "./file.ts";
import { texts } from "./texts.ts";

/** Writes README, ARCHITECTURE and CONTRIBUTING, in the language of the design. */
export function documents(app: AppModel): readonly GeneratedFile[] {
  const say = texts[app.language];
  const readme = lines(
    ...[`# ${cell(app.title)}`, "", say.made(cell(app.title)), ""],
    ...[`## ${say.run}`, "", say.runText, "", "```sh", "npm install", "npm start", ...curls(app), "```", ""],
    ...[`## ${say.test}`, "", say.testText, "", "```sh", "npm test", "npm run check", "```", ""],
    ...[`## ${say.change}`, "", say.changeText],
  );
  const contributing = lines(`# ${say.contributing}`, "", `* ${say.rules}`);
  return [
    { path: "README.md", owner: "person", text: readme },
    { path: "ARCHITECTURE.md", owner: "design", text: architecture(app) },
    { path: "CONTRIBUTING.md", owner: "person", text: contributing },
  ];
}

function architecture(app: AppModel): string {
  const say = texts[app.language];
  const operations = app.modules.flatMap(({ name, operations: all }) =>
    all.map((one) => [
      `\`${name}.${one.name}\``,
      one.route === undefined ? say.internal : `\`${one.route.method} ${one.route.path}\``,
      cell(one.from),
    ]),
  );
  const left = app.leftOut.map(({ name, place, why, by }) => [
    cell(name),
    place,
    `${say.whys[why]}${by === undefined ? "" : ` (\`${by}\`)`}`,
  ]);
  return lines(
    ...[`# ${say.architecture}`, "", say.layers, "", say.owners, ""],
    ...(app.isTenanted ? [say.tenants, ""] : []),
    ...[say.budget(app.budget.formula), "", say.processes, ""],
    ...[`## ${say.operations}`, "", ...table([say.operation, say.route, say.from], operations)],
    ...(left.length === 0 ? [] : ["", `## ${say.leftOut}`, "", ...table([say.asked, say.place, say.why], left)]),
  );
}

/** The first requests that a reader can send. */
function curls({ modules, port }: AppModel): readonly string[] {
  const list = modules
    .flatMap(({ operations }) => operations)
    .find(({ act, route }) => act === "list" && route !== undefined && !route.path.includes("{"));
  return list === undefined ? [] : [`curl -H "Authorization: Bearer $TOKEN" http://localhost:${port}${list.route!.path}`];
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(heads), `|${heads.map(() => "---|").join("")}`, ...rows.map(line)];
}

/** What a PRD says stays text. */
function cell(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").replaceAll("<", "&lt;");
}
