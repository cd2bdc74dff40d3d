#!/usr/bin/env node
import { develop, usage } from "./develop.ts";

const [command, ...args] = process.argv.slice(2);
if (command === "dev") develop(args);
else if (command === "--help" || command === "-h" || command === "help") process.stdout.write(`${usage}\n`);
else {
  process.stderr.write(`${usage}\n`);
  process.exitCode = 2;
}
