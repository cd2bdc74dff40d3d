import { systemClock } from "../../core/clock.ts";
import { exits } from "../exits.ts";
import { chooseLanguage } from "../language.ts";
import { cliLimits } from "../limits.ts";
import { run } from "../run.ts";
import { runShell } from "../shell.ts";
import { texts } from "../texts.ts";
import { processTerminal } from "./terminal.ts";

const terminal = processTerminal();
const stopping = new AbortController();
const folder = process.cwd();

function stop(): void {
  const { code } = exits.interrupted;
  if (stopping.signal.aborted) process.exit(code);
  stopping.abort();
  terminal.err(`\n${texts[chooseLanguage({ folder, env: terminal.env })].stopping}\n`);
  systemClock.schedule(cliLimits.stopMs, () => process.exit(code));
}

// The reader of a pipe, such as `head`, has what it wanted.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? exits.fine.code : exits.output.code));
const args = process.argv.slice(2);
let isOwn = false;
const place = {
  ...{ terminal, folder, signal: stopping.signal },
  ownSignals() {
    if (!isOwn) process.on("SIGINT", stop);
    isOwn = true;
  },
};
process.exitCode = args.length === 0 && terminal.interactive ? await runShell(place) : await run(args, place);
