/** Something that a declaration names: a variable, and the member of it that is read. */
export interface Reference {
  readonly name: string;
  /** Of `client.charge`, `charge`. */
  readonly member: string | undefined;
  readonly line: number;
  /** The module of an `import("…")` or `require("…")`; its name is then `import`. */
  readonly specifier?: string;
}

/** A name that a file takes from another. */
export interface ImportedName {
  /** The name in this file. */
  readonly local: string;
  /** The name in the other file; `*` for all of it. */
  readonly imported: string;
  readonly isType: boolean;
}

/** An import, or an export of what another file declares. */
export interface ImportLine {
  readonly specifier: string;
  readonly line: number;
  readonly names: readonly ImportedName[];
  /** Only types are imported: nothing is loaded. */
  readonly isType: boolean;
  readonly form: "import" | "export" | "dynamic";
}

/** A piece of SQL in a file: the text of a template, with `$1` in the place of each value, or of a string. */
export interface SqlText {
  readonly text: string;
  readonly line: number;
}

/** A field of a schema whose name says that it is a secret, or a variable of the configuration. */
export interface SecretField {
  readonly name: string;
  readonly line: number;
  /** The expression marks it, or it cannot hold a text. */
  readonly isMarked: boolean;
  /** What it is made of, where the expression does not say it. */
  readonly references: readonly Reference[];
}

/** What one top-level declaration says. */
export interface Declaration {
  readonly names: readonly string[];
  readonly line: number;
  /** The function whose result it is, as in `command(…)`. */
  readonly callee: Reference | undefined;
  /** The first argument of the callee, where it is a text. */
  readonly label: string | undefined;
  /** The first argument of the callee, where it is a name. */
  readonly subject: Reference | undefined;
  readonly references: readonly Reference[];
  /** What the values of properties name, by their keys: of the object that the callee is given. */
  readonly properties: ReadonlyMap<string, Property>;
  /** What is named inside of `commit(…)`. */
  readonly commits: readonly Reference[];
}

/** One property of the object that a callee is given. */
export interface Property {
  readonly line: number;
  readonly references: readonly Reference[];
  /** The first text in its value. */
  readonly text: string | undefined;
}

/** What the rules read of one file. */
export interface SourceFile {
  readonly path: string;
  readonly imports: readonly ImportLine[];
  readonly declarations: readonly Declaration[];
  /** What the file exports of its own, by the name outside. */
  readonly exports: ReadonlyMap<string, string>;
  readonly sql: readonly SqlText[];
  readonly secrets: readonly SecretField[];
  /** Texts that are keys or tokens of a known form. */
  readonly keys: readonly { readonly line: number; readonly what: string }[];
}
