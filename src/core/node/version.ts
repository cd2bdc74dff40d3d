import { Fault } from "../fault.ts";

/** The oldest Node that has what Plimsoll is built on; `engines` in package.json says the same. */
const oldest = [24, 16] as const;

/**
 * Refuses a Node that is too old.
 * *Faults thrown*: `failed_precondition` of type `node_too_old`.
 */
export function requireNode(version: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return;
  throw new Fault({
    code: "failed_precondition",
    type: "node_too_old",
    message: `Plimsoll needs Node.js ${oldest.join(".")} or newer, and this is ${version}. Install a newer one, or let the project bring its own: npm install --save-dev node@24, then start with "npm start" or node_modules/.bin/node.`,
  });
}

// Modules run in the order of their imports: the first one comes before whatever an old Node lacks.
requireNode(process.versions.node);
