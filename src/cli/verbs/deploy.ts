import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "../../core/fault.ts";
import type { Finding } from "../../deploy/check/placed.ts";
import type { DeploymentOptions, PlannedNumbers } from "../../deploy/shape.ts";
import type { Both, Language } from "../language.ts";
import { defineVerb, type Report, Stop } from "../verb.ts";

const number = (en: string, zh: string) => ({ type: "string", value: "N", says: { en, zh } }) as const;
const text = (value: string, en: string, zh: string) => ({ type: "string", value, says: { en, zh } }) as const;

const options = {
  name: text("NAME", "What it is called. Default: the name in package.json.", "名称，默认取 package.json 中的 name。"),
  image: text("IMAGE", "The image without a tag.", "镜像名称，不含标签。"),
  entry: text(
    "FILE",
    "The program that exports the app: its longest deadline, its pool and its times to stop are read.",
    "导出 app 的程序，从中读取最长的截止时间、连接池和停止时间。",
  ),
  host: text("HOST", "The name under which callers reach it.", "对外访问的域名。"),
  strategy: text("KIND", "rolling, canary or blue-green.", "发布策略：rolling、canary 或 blue-green。"),
  mesh: text("KIND", "The service mesh of the cluster: istio.", "集群的服务网格：istio。"),
  worker: { type: "boolean", says: { en: "Durable work has processes of its own.", zh: "后台任务使用独立的进程。" } },
  redis: { type: "boolean", says: { en: "The app uses Redis.", zh: "应用使用 Redis。" } },
  replicas: number("Processes at least.", "最少的进程数。"),
  most: number("Processes at most.", "最多的进程数。"),
  memory: number("Memory of a process in MiB.", "每个进程的内存（MiB）。"),
  pool: number("Connections of postgres({ connections }).", "postgres({ connections }) 的连接数。"),
  connections: number("max_connections of PostgreSQL.", "PostgreSQL 的 max_connections。"),
  deadline: number("The longest deadline of a request in ms.", "请求的最长截止时间（毫秒）。"),
} as const;

type Values = { readonly [Name in keyof typeof options]?: string | boolean };

/** `plimsoll deploy`: writes a deployment, and checks one. */
export const deploy = defineVerb({
  name: "deploy",
  also: ["部署"],
  summary: {
    en: "Writes the image, compose, Kubernetes and pipeline files of the app; deploy check finds what cannot work in them.",
    zh: "生成应用的镜像、compose、Kubernetes 和流水线文件；deploy check 检查其中无法工作的配置。",
  },
  operands: {
    usage: "[check]",
    max: 1,
    says: { en: "check: finds what cannot work, and writes nothing.", zh: "check：只检查，不写入文件。" },
  },
  example: {
    line: "deploy --host shop.example",
    does: { en: "Writes deploy/ for dev, staging and prod.", zh: "为 dev、staging 和 prod 生成 deploy/。" },
  },
  options,
  async run({ values, operands: [what], folder, language }) {
    if (what !== undefined && what !== "check" && what !== "检查")
      throw new Stop("usage", {
        message: { en: `plimsoll deploy cannot ${what}.`, zh: `plimsoll deploy 没有 ${what}。` }[language],
        fix: { en: "Write plimsoll deploy, or plimsoll deploy check.", zh: "请使用 plimsoll deploy 或 plimsoll deploy check。" }[language],
      });
    return asStop({ folder, language }, () => (what === undefined ? write(values, folder, language) : check(folder, language)));
  },
});

interface Where {
  readonly folder: string;
  readonly language: Language;
}

/** What the caller must change, as the command says it. */
async function asStop({ folder, language }: Where, work: () => Promise<Report>): Promise<Report> {
  try {
    return await work();
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (["EACCES", "EPERM", "EROFS", "ENOSPC"].includes(code ?? ""))
      throw new Stop("output", {
        message: { en: `${path ?? folder} cannot be written (${code}).`, zh: `无法写入 ${path ?? folder}（${code}）。` }[language],
        fix: { en: "Give this user the right to write there, and run this again.", zh: "请授予写入权限后重新运行。" }[language],
      });
    if (!(error instanceof Fault)) throw error;
    const fix = { en: "Change it, and run this again.", zh: "修改后重新运行。" }[language];
    throw new Stop(error.type === "deployment_invalid" ? "usage" : "input", { message: error.message, fix });
  }
}

async function write(values: Values, folder: string, language: Language): Promise<Report> {
  const parts = await import("../../deploy/folder.ts");
  const before = parts.readRecord(folder)?.options;
  const planned = await plannedIn(folder, language);
  const declared = typeof values.entry === "string" ? await declaredIn(values.entry, { folder, language }) : undefined;
  const given = { ...before, ...(planned && { planned }), ...declared, ...read(values, language) };
  const name = given.name ?? manifestOf(folder).name;
  if (name === undefined)
    throw new Stop("missing", {
      message: { en: "There is no package.json with a name here.", zh: "这里没有带 name 的 package.json。" }[language],
      fix: { en: "Run it in the folder of the app, or add --name.", zh: "请在应用的文件夹中运行，或加上 --name。" }[language],
    });
  const version = manifestOf(folder).version;
  const made = parts.writeDeployment(folder, { ...(version !== undefined && { version }), ...given, name });
  return { exit: "fine", lines: written(made, language), data: made };
}

/** What the app itself declares. A program that exports modules alone says its routes, and no numbers. */
async function declaredIn(entry: string, where: Where): Promise<Pick<DeploymentOptions, "declared" | "routes">> {
  const [{ loadRegistry }, { declaredNumbers, declaredRoutes }] = await Promise.all([
    import("../../contracts/load-registry.ts"),
    import("../../deploy/declared.ts"),
  ]);
  const { app, registry } = await loadRegistry(entry, where);
  return { ...(app !== undefined && { declared: declaredNumbers(app, entry) }), routes: declaredRoutes(registry) };
}

const planFile = "design/plan.json";

/** The numbers of the capacity plan, where the folder has one. */
async function plannedIn(folder: string, language: Language): Promise<PlannedNumbers | undefined> {
  const path = join(folder, planFile);
  if (!existsSync(path)) return undefined;
  const { readPlannedFigures } = await import("../../capacity/reading/read-plan.ts");
  const found = readPlannedFigures(readFileSync(path, "utf8"), planFile);
  if ("message" in found) throw new Stop("input", { message: found.message[language], fix: found.fix[language] });
  const { replicas, memory: memoryMb, pool } = found.value;
  return { ...(replicas && { replicas }), ...(memoryMb && { memoryMb }), ...(pool && { pool }) };
}

function manifestOf(folder: string): { readonly name?: string; readonly version?: string } {
  const path = join(folder, "package.json");
  if (!existsSync(path)) return {};
  const { name, version } = readJson(path);
  return {
    ...(typeof name === "string" && { name: name.replace(/^@[^/]*\//, "") }),
    ...(typeof version === "string" && { version }),
  };
}

function readJson(path: string): { readonly name?: unknown; readonly version?: unknown } {
  try {
    return JSON.parse(readFileSync(path, "utf8")) ?? {};
  } catch {
    const message = "package.json cannot be read as JSON.";
    throw new Fault({ code: "invalid_argument", type: "manifest_invalid", message });
  }
}

const noStrategy: Both<(name: string) => string> = {
  en: (name) =>
    `There is no strategy "${name}".${name === "operator" ? " An operator of Kubernetes is a program of its own with the rights to change the cluster, and all that it would do here (ordered migrations, a canary, a way back) are a Job and steps of the pipeline." : ""}`,
  zh: (name) =>
    `没有名为“${name}”的发布策略。${name === "operator" ? "Kubernetes 的 operator 是另一个有权修改集群的程序，它在这里要做的事（按顺序迁移、金丝雀发布、回退）由一个 Job 和流水线的步骤完成。" : ""}`,
};

/** The options as the writer takes them. */
function read(values: Values, language: Language): Partial<DeploymentOptions> {
  const whole = (name: keyof Values): number | undefined => {
    const value = values[name];
    if (value === undefined) return undefined;
    if (typeof value === "string" && /^[1-9]\d{0,8}$/.test(value)) return Number(value);
    throw new Stop("usage", {
      message: { en: `--${name} is ${value}.`, zh: `--${name} 的值是 ${value}。` }[language],
      fix: { en: "Use a whole number from 1.", zh: "请使用从 1 开始的整数。" }[language],
    });
  };
  if (typeof values.mesh === "string" && values.mesh !== "istio")
    throw new Stop("usage", {
      message: { en: `There are no policies for a mesh "${values.mesh}".`, zh: `不支持名为“${values.mesh}”的服务网格。` }[language],
      fix: { en: "Use istio, or leave it out.", zh: "请使用 istio，或去掉该选项。" }[language],
    });
  if (typeof values.strategy === "string" && !["rolling", "canary", "blue-green"].includes(values.strategy))
    throw new Stop("usage", {
      message: noStrategy[language](values.strategy),
      fix: { en: "Use rolling, canary or blue-green.", zh: "请使用 rolling、canary 或 blue-green。" }[language],
    });
  const found = {
    ...{
      name: values.name,
      image: values.image,
      host: values.host,
      strategy: values.strategy,
      mesh: values.mesh,
      worker: values.worker,
      redis: values.redis,
    },
    ...{ replicas: whole("replicas"), most: whole("most"), memoryMb: whole("memory"), pool: whole("pool") },
    ...{ maxConnections: whole("connections"), longestDeadlineMs: whole("deadline") },
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

const heads: Readonly<Record<"written" | "kept" | "same", Both<(count: number) => string>>> = {
  written: { en: (n) => `Written: ${n}`, zh: (n) => `已写入：${n}` },
  kept: {
    en: (n) => `Kept, because you changed them: ${n}. Remove one and run this again to have it written.`,
    zh: (n) => `保留（你修改过）：${n}。删除后重新运行即可再次生成。`,
  },
  same: { en: (n) => `Unchanged: ${n}`, zh: (n) => `未变化：${n}` },
};

function written(made: Readonly<Record<"written" | "kept" | "same", readonly string[]>>, language: Language): readonly string[] {
  return (["written", "kept", "same"] as const).flatMap((part) =>
    made[part].length === 0
      ? []
      : [heads[part][language](made[part].length), ...(part === "same" ? [] : made[part].map((path) => `  ${path}`))],
  );
}

async function check(folder: string, language: Language): Promise<Report> {
  const [{ readDeployment, readRecord, recordPath }, { checkDeployment }, { shapeOf }] = await Promise.all([
    import("../../deploy/folder.ts"),
    import("../../deploy/check/check.ts"),
    import("../../deploy/shape.ts"),
  ]);
  const record = readRecord(folder);
  const files = readDeployment(folder);
  if (files.size === 0)
    throw new Stop("missing", {
      message: { en: "There is no deployment here.", zh: "这里没有部署文件。" }[language],
      fix: { en: "Run plimsoll deploy first, or put the files below deploy/.", zh: "请先运行 plimsoll deploy，或把文件放到 deploy/ 中。" }[
        language
      ],
    });
  const options = record?.options ?? { name: manifestOf(folder).name ?? "app" };
  const findings = checkDeployment(files, shapeOf(options)).map(({ message, fix, ...found }) => ({
    ...found,
    message: message[language],
    fix: fix[language],
  }));
  return {
    exit: findings.length === 0 ? "fine" : "found",
    lines: linesOf(findings, { language, files: files.size, recordPath, hasRecord: record !== undefined }),
    data: { findings },
  };
}

/** A finding in one language. */
interface SaidFinding extends Omit<Finding, "message" | "fix"> {
  readonly message: string;
  readonly fix: string;
}

function linesOf(
  findings: readonly SaidFinding[],
  {
    language,
    files,
    recordPath,
    hasRecord,
  }: { readonly language: Language; readonly files: number; readonly recordPath: string; readonly hasRecord: boolean },
): readonly string[] {
  const lines = findings.map(({ file, line, rule, message, fix }) => `${file}:${line} ${rule}\n  ${message}\n  ${fix}`);
  const sum = {
    en: `${files} files, ${findings.length} to change.`,
    zh: `检查了 ${files} 个文件，${findings.length} 处需要修改。`,
  }[language];
  const defaults = {
    en: `There is no ${recordPath}: connections, deadlines and times to stop are the defaults of the platform.`,
    zh: `没有 ${recordPath}：连接数、截止时间和停止时间按平台默认值计算。`,
  }[language];
  return [...lines, ...(hasRecord ? [] : [defaults]), sum];
}
