#!/usr/bin/env node
// Imports nothing at its start: a Node.js that is too old would fail to load the command, and print a stack instead of the sentence that says which one to take.
try {
  await import("./terminal/command.ts");
} catch (error) {
  if (!(error instanceof Error && "type" in error && error.type === "node_too_old")) throw error;
  process.stderr.write(`${error.message}\n`);
  // As `exits.unavailable`, which is not loaded yet.
  process.exitCode = 69;
}
