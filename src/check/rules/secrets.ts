import type { Finding } from "../finding.ts";
import { shortestWay } from "../project/reach.ts";
import type { SecretField, SourceFile } from "../source/source-file.ts";
import type { Context } from "./context.ts";

/** Finds fields that hold a secret and are not marked so, and keys that stand in the source. */
export function checkSecrets(context: Context): readonly Finding[] {
  const { project } = context;
  return project.sources.flatMap((file) => {
    const who = project.moduleOf(file.path)?.name ?? file.path;
    const fields = file.secrets.filter((field) => isConfigured(field) || project.moduleOf(file.path) !== undefined);
    return [
      ...fields
        .filter((field) => !field.isMarked && !leadsToSecret(file, field, context))
        .map(({ name, line }) => ({ rule: "unmarked-secret" as const, file: file.path, line, who, what: name, path: [] })),
      ...file.keys.map(({ line, what }) => ({ rule: "secret-in-source" as const, file: file.path, line, who, what, path: [] })),
    ];
  });
}

/** Variables of a configuration have their rule wherever it is read; schemas in the modules. */
function isConfigured({ name }: SecretField): boolean {
  return /^[A-Z0-9_]+$/.test(name);
}

/** Whether what the field is made of is marked, or cannot be seen. */
function leadsToSecret(file: SourceFile, { references }: SecretField, { project }: Context): boolean {
  const way = shortestWay(
    { file, references },
    {
      project,
      stops: () => false,
      found: (reference, { file: at }) =>
        reference.name === "secret" || project.isPlimsoll(at, reference, "secret") ? "secret" : undefined,
    },
  );
  return way !== undefined;
}
