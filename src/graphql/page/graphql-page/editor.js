// The fields in which a document and its variables are written.
import { coloredDocument, coloredJson, el } from "./page.js";

/** A field with colored text: what is written lies, without color of its own, above a copy of it. */
export const editor = (label, { value, color, rows, run }) => {
  const copy = el("pre", { "aria-hidden": "true" });
  const field = el("textarea", { "aria-label": label, spellcheck: "false", autocomplete: "off", autocapitalize: "off", rows });
  const draw = () => {
    copy.replaceChildren(...color(field.value), "\n");
    copy.scrollTop = field.scrollTop;
    copy.scrollLeft = field.scrollLeft;
  };
  const indent = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      return run();
    }
    // With Escape before it, Tab leaves the field.
    if (event.key === "Escape") field.dataset.leaves = "";
    else if (event.key === "Tab" && !event.shiftKey && field.dataset.leaves === undefined) {
      event.preventDefault();
      field.setRangeText("  ", field.selectionStart, field.selectionEnd, "end");
      draw();
    } else if (event.key !== "Tab") delete field.dataset.leaves;
  };
  field.addEventListener("input", draw);
  field.addEventListener("scroll", draw);
  field.addEventListener("keydown", indent);
  const set = (text) => {
    field.value = text;
    draw();
  };
  set(value);
  return { view: el("div", { class: "editor" }, copy, field), field, set, get: () => field.value };
};

export const documentEditor = (label, given) => editor(label, { ...given, color: coloredDocument, rows: 16 });
export const jsonEditor = (label, given) => editor(label, { ...given, color: coloredJson, rows: 5 });
