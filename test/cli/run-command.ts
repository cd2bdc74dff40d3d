// The command in this process, on a terminal that keeps what it is given.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../src/cli/run.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Setting {
  readonly folder?: string;
  readonly env?: Record<string, string>;
  readonly columns?: number;
  readonly signal?: AbortSignal;
  readonly input?: AsyncIterable<Uint8Array>;
}

async function* noInput(): AsyncGenerator<Uint8Array> {}

/** Runs a command line. *Default*: in a folder without files, in English, 80 columns wide, without colours. */
export async function runCommand(args: readonly string[], setting: Setting = {}): Promise<Ran> {
  const written = { out: "", err: "" };
  const empty = setting.folder === undefined ? mkdtempSync(join(tmpdir(), "plimsoll-cli-")) : undefined;
  const terminal = {
    out(text: string) {
      written.out += text;
    },
    err(text: string) {
      written.err += text;
    },
    ...{ columns: setting.columns ?? 80, colours: false, interactive: false, env: setting.env ?? {} },
    ask: async () => undefined,
    input: () => setting.input ?? noInput(),
  };
  const signal = setting.signal ?? new AbortController().signal;
  try {
    return { code: await run(args, { terminal, folder: setting.folder ?? empty!, signal, ownSignals: () => undefined }), ...written };
  } finally {
    if (empty !== undefined) rmSync(empty, { recursive: true });
  }
}
