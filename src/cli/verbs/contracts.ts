import type { Change } from "../../contracts/change.ts";
import type { GrpcLock } from "../../protobuf/descriptor/numbers.ts";
import type { Language } from "../language.ts";
import { defineVerb, type Report, Stop } from "../verb.ts";

/** `plimsoll contracts`: keeps the contracts of an app in a file, and names what changes of them break whom. */
export const contracts = defineVerb({
  name: "contracts",
  also: ["契约"],
  summary: {
    en: "Compares the contracts of an app with contracts.lock.json, and names what would break whom.",
    zh: "将应用的契约与 contracts.lock.json 比较，指出会破坏谁的变更。",
  },
  operands: { usage: "[app.ts]", max: 1, says: { en: "The program, as --entry.", zh: "程序，同 --entry。" } },
  example: {
    line: "contracts --entry app.ts",
    does: {
      en: "Compares, and exits with 1 where something breaks; the first time it writes the file.",
      zh: "比较契约，有破坏性变更时以 1 退出；首次运行时写入文件。",
    },
  },
  options: {
    entry: {
      type: "string",
      value: "FILE",
      says: { en: "The program that exports the app, or its modules.", zh: "导出 app 或 modules 的程序。" },
    },
    lock: {
      type: "string",
      value: "FILE",
      says: { en: "The file that keeps the contracts. Default: contracts.lock.json.", zh: "保存契约的文件，默认 contracts.lock.json。" },
    },
    write: {
      type: "boolean",
      says: { en: "Keeps the contracts as they are now, with what breaks.", zh: "按现状保存契约，包括破坏性变更。" },
    },
  },
  async run({ values, operands, folder, language }) {
    const { resolve } = await import("node:path");
    const entry = values.entry ?? operands[0];
    if (entry === undefined)
      throw new Stop("usage", {
        message: { en: "plimsoll contracts needs the program that exports the app.", zh: "plimsoll contracts 需要导出应用的程序。" }[
          language
        ],
        fix: { en: "Name it, as in plimsoll contracts --entry app.ts.", zh: "请指定，例如 plimsoll contracts --entry app.ts。" }[language],
      });
    const name = values.lock ?? "contracts.lock.json";
    const path = resolve(folder, name);
    const { loadRegistry } = await import("../../contracts/load-registry.ts");
    const { describeContracts } = await import("../../contracts/describe.ts");
    const { compareContracts } = await import("../../contracts/compare.ts");
    const { readLock, writeLock } = await import("../../contracts/lock-file.ts");
    const { systemClock } = await import("../../core/clock.ts");
    const { registry, relations, numbers } = await loadRegistry(entry, { folder, language });
    const before = reading(() => readLock(path), language);
    const kept = (before?.grpc ?? {}) as GrpcLock;
    const grpc = numbers(kept, path);
    const now = { ...describeContracts(registry, relations), ...(grpc !== undefined && { grpc }) };
    const today = new Date(systemClock.now()).toISOString().slice(0, 10);
    const changes = before === undefined ? [] : compareContracts({ ...before, grpc: kept }, now, { today });
    const isNew = before?.rest === undefined && before?.events === undefined;
    const writes = values.write === true || isNew;
    if (writes) writeLock(path, now);
    return report({ name, changes, writes, isNew, language });
  },
});

/** What is wrong with the file is no bug of the command. */
function reading<T>(read: () => T, language: Language): T {
  try {
    return read();
  } catch (thrown) {
    throw new Stop("input", {
      message: (thrown as Error).message,
      fix: { en: "Nothing was written.", zh: "未写入任何内容。" }[language],
    });
  }
}

interface Outcome {
  readonly name: string;
  readonly changes: readonly Change[];
  readonly writes: boolean;
  readonly isNew: boolean;
  readonly language: Language;
}

function report({ name, changes, writes, isNew, language }: Outcome): Report {
  const breaks = changes.filter(({ severity }) => severity === "break");
  const harmless = changes.length - breaks.length;
  const words = {
    en: { breaks: "breaks", harmless: "harmless", affects: "affects", fix: "instead" },
    zh: { breaks: "破坏", harmless: "无害", affects: "影响", fix: "建议" },
  }[language];
  const lines = changes.flatMap(({ severity, rule, where, message, affects, fix }) => [
    `${severity === "break" ? words.breaks : words.harmless}  ${where}  [${rule}]  ${message}`,
    ...(severity === "break" ? [`    ${words.affects}: ${affects}`, `    ${words.fix}: ${fix}`] : []),
  ]);
  const counted = {
    en: `${breaks.length} breaking, ${harmless} harmless.`,
    zh: `破坏性变更 ${breaks.length} 项，无害变更 ${harmless} 项。`,
  }[language];
  const next = {
    en: isNew
      ? `${name} is written. Commit it.`
      : writes
        ? `${name} is written. Commit it.`
        : changes.length === 0
          ? ""
          : `Keep them with --write.`,
    zh: writes ? `已写入 ${name}，请提交该文件。` : changes.length === 0 ? "" : "可用 --write 保存。",
  }[language];
  return {
    exit: breaks.length > 0 && !writes ? "found" : "fine",
    lines: [...lines, [isNew ? "" : counted, next].filter((text) => text !== "").join(" ")],
    data: { lock: name, written: writes, breaking: breaks.length, harmless, changes },
  };
}
