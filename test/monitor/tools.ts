import { spawnSync } from "node:child_process";

/** Runs promtool or amtool of this machine; returns what it printed and how it ended. */
export function runTool(
  name: "promtool" | "amtool",
  args: readonly string[],
  folder: string,
): { readonly code: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync(name, args, { cwd: folder, encoding: "utf8" });
  return { code: status, text: `${stdout}${stderr}` };
}

/** Why tests with the tools of Prometheus are skipped; false where they are there. With `CI=true` they are not skipped. */
export const withoutTools: string | false =
  process.env.CI === "true" || ["promtool", "amtool"].every((name) => spawnSync(name, ["--version"]).status === 0)
    ? false
    : "promtool and amtool are not installed: apt-get install -y prometheus prometheus-alertmanager";
