// The page as a whole: the search, the token, what is drawn, and the first request.
import { openHash, operationRow } from "./operations.js";
import { el, gauge, mark, operationsOf, prose, say, state } from "./page.js";
import { resolve } from "./schema.js";

/** The search, over rows, their modules and the links beside them. */
const searchField = (groups, status) => {
  const all = groups.flatMap(({ rows }) => rows);
  const search = el("input", {
    type: "search",
    placeholder: say("search"),
    "aria-label": say("search"),
    title: say("searchHint"),
    autocomplete: "off",
    spellcheck: "false",
    oninput: () => {
      const terms = search.value
        .toLowerCase()
        .split(/\s+/)
        .filter((term) => term !== "");
      let found = 0;
      for (const { rows, parts } of groups) {
        let inGroup = 0;
        for (const { row, link, text } of rows) {
          const hit = terms.every((term) => text.includes(term));
          row.hidden = link.hidden = !hit;
          if (hit) inGroup++;
        }
        for (const part of parts) part.hidden = inGroup === 0;
        found += inGroup;
      }
      status.textContent = terms.length === 0 ? "" : found === 0 ? say("none") : say("found", { n: found, all: all.length });
    },
  });
  return search;
};

const tokenMenu = () => {
  const label = () => say(state.token === "" ? "token" : "tokenSet");
  const summary = el("summary", {}, label());
  const set = (text) => {
    state.token = text.trim().replace(/^Bearer +/i, "");
    summary.textContent = label();
    document.documentElement.toggleAttribute("data-token", state.token !== "");
  };
  const field = el("input", { type: "password", autocomplete: "off", spellcheck: "false", oninput: () => set(field.value) });
  field.value = state.token;
  const forget = () => {
    field.value = "";
    set("");
  };
  const menu = el(
    "details",
    {
      class: "token",
      onkeydown: (event) => {
        if (event.key !== "Escape") return;
        menu.open = false;
        summary.focus();
      },
    },
    summary,
    el(
      "div",
      { class: "menu" },
      el("label", {}, el("span", { class: "label" }, say("tokenField")), field),
      el("p", { class: "note" }, say("tokenHint")),
      el("button", { type: "button", class: "quiet", onclick: forget }, say("forget")),
    ),
  );
  return menu;
};

/** Draws the whole page; also after the language was changed. */
const draw = () => {
  const { api } = state;
  document.documentElement.lang = state.language;
  const operations = operationsOf(api).map((operation) => ({ ...operation, parameters: (operation.parameters ?? []).map(resolve) }));
  const most = Math.max(1, ...operations.map(({ "x-budget": budget }) => (budget ? budget.concurrency + budget.queue : 1)));
  const tags = [...new Set([...(api.tags ?? []).map(({ name }) => name), ...operations.map(({ tag }) => tag)])];
  const groups = tags.map((tag) => {
    const rows = operations
      .filter((operation) => operation.tag === tag)
      .map((operation) => {
        const link = el(
          "li",
          {},
          el(
            "a",
            { href: `#${operation.operationId}`, onclick: () => setTimeout(openHash) },
            el("span", { class: `verb ${operation.verb}` }, operation.verb.toUpperCase()),
            operation.operationId.slice(tag.length + 1),
          ),
        );
        return { ...operationRow(operation, most), link };
      });
    const heading = `module-${tag}`;
    const part = el(
      "section",
      { class: "module", "aria-labelledby": heading },
      el("h2", { id: heading }, tag),
      rows.map(({ row }) => row),
    );
    const links = el(
      "div",
      {},
      el("h2", {}, tag),
      el(
        "ul",
        {},
        rows.map(({ link }) => link),
      ),
    );
    return { rows, part, links, parts: [part, links] };
  });
  const status = el("p", { class: "found", role: "status" });
  const search = searchField(groups, status);
  const language2 = el(
    "button",
    {
      type: "button",
      class: "quiet",
      lang: state.language === "en" ? "zh" : "en",
      "aria-label": say("languageLabel"),
      onclick: () => {
        state.language = state.language === "en" ? "zh" : "en";
        draw();
      },
    },
    say("language"),
  );
  document.getElementById("page").replaceChildren(
    el("a", { class: "skip", href: "#operations" }, say("skip")),
    el(
      "header",
      {},
      el("a", { class: "brand", href: "#" }, mark(), el("span", {}, api.info.title)),
      search,
      el("div", { class: "tools" }, api.components?.securitySchemes && tokenMenu(), language2),
    ),
    el(
      "nav",
      { "aria-label": say("operations") },
      groups.map(({ links }) => links),
    ),
    el(
      "main",
      { id: "operations", tabindex: "-1" },
      el(
        "div",
        { class: "intro" },
        el(
          "div",
          {},
          el("h1", {}, api.info.title, " ", el("small", {}, api.info.version)),
          el(
            "p",
            { class: "count" },
            say("count", { n: operations.length, modules: tags.length }),
            " · ",
            el("a", { href: DOCUMENT }, say("document")),
            EVENTS !== "" && [" · ", el("a", { href: EVENTS }, say("eventDocument"))],
          ),
          el("div", { class: "prose" }, prose(api.info.description)),
        ),
        el("aside", { class: "legend" }, el("h2", {}, say("loadLine")), el("p", {}, say("legend")), gauge({ concurrency: 64, queue: 128 })),
      ),
      status,
      groups.map(({ part }) => part),
    ),
  );
  openHash();
};

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  event.preventDefault();
  document.querySelector("header input[type=search]")?.focus();
});
addEventListener("hashchange", openHash);

fetch(DOCUMENT, { credentials: "omit" })
  .then((response) => (response.ok ? response.json() : Promise.reject(response)))
  .then(
    (api) => {
      state.api = api;
      draw();
    },
    () => document.getElementById("page").replaceChildren(el("p", { class: "splash" }, say("failed"))),
  );
