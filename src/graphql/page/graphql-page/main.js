// The page as a whole: the explorer, the editors, the token, the results.
import { documentEditor, jsonEditor } from "./editor.js";
import { el, say, state } from "./page.js";
import { results } from "./run.js";
import { documentOf, explorer, readSchema } from "./schema.js";

const written = { query: "", variables: "{}" };

const tokenMenu = (changed) => {
  const label = () => say(state.token === "" ? "token" : "tokenSet");
  const summary = el("summary", {}, label());
  const field = el("input", {
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": say("tokenField"),
    placeholder: say("tokenField"),
  });
  field.value = state.token;
  field.addEventListener("change", () => {
    state.token = field.value.trim().replace(/^Bearer +/i, "");
    summary.textContent = label();
    changed();
  });
  const form = el(
    "form",
    { class: "menu", onsubmit: (event) => event.preventDefault() },
    field,
    el("p", { class: "note" }, say("tokenHint")),
  );
  return el("details", { class: "token" }, summary, form);
};

const draw = () => {
  document.documentElement.lang = state.language;
  const button = el("button", { type: "button", class: "primary", title: say("runHint") });
  const run = () => button.click();
  const query = documentEditor(say("document"), { value: written.query, run });
  const variables = jsonEditor(say("variables"), { value: written.variables, run });
  const keep = () => Object.assign(written, { query: query.get(), variables: variables.get() });
  const read = () => {
    keep();
    try {
      return { query: query.get(), variables: JSON.parse(variables.get().trim() || "{}") };
    } catch (error) {
      return { problem: `${say("variablesWrong")} ${error.message}` };
    }
  };
  const outcome = results(read, button);
  const begin = (root, field) => {
    const { query: text, variables: values } = documentOf(root, field);
    query.set(text);
    variables.set(JSON.stringify(values, null, 2));
    query.field.focus();
  };
  const language = el("button", { type: "button", class: "quiet", lang: state.language === "en" ? "zh" : "en" }, say("language"));
  language.addEventListener("click", () => {
    keep();
    state.language = state.language === "en" ? "zh" : "en";
    draw();
  });
  let nav = explorer(begin);
  // What was run meanwhile and what it gave stay: only the explorer shows the schema.
  const again = () =>
    void readSchema().then(() => {
      const read = explorer(begin);
      nav.replaceWith(read);
      nav = read;
    });
  document
    .getElementById("page")
    .replaceChildren(
      el("header", {}, el("b", {}, document.title), el("div", { class: "tools" }, button, tokenMenu(again), language)),
      nav,
      el("main", {}, el("h2", {}, say("document")), query.view, el("h2", {}, say("variables")), variables.view),
      outcome.view,
    );
};

void readSchema().then(() => {
  const { queryType, types } = state.schema ?? {};
  const first = queryType && types.get(queryType.name).fields[0];
  if (first) {
    const { query, variables } = documentOf("query", first);
    Object.assign(written, { query, variables: JSON.stringify(variables, null, 2) });
  } else written.query = "{\n  __typename\n}\n";
  draw();
});
