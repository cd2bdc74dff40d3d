/** The browser's part of the page, four: the operations, the search, and what happens when the page is opened. */
export const operationsScript = String.raw`
/** What a problem schema says of itself: its kinds, its code, its details. */
const faultOf = (given) => {
  const schema = resolve(given);
  const own = schema.allOf?.[1]?.properties ?? {};
  const declared = own.type?.const;
  const types = declared !== undefined ? [declared] : (own.type?.enum ?? []);
  return { declared: declared !== undefined, types: types.map((type) => type.replace("urn:plimsoll:", "")), code: own.code?.const, details: own.details, note: schema.description };
};
const faultsOf = (responses) =>
  responses.flatMap(([status, given]) => {
    const schema = resolve(given).content?.["application/problem+json"]?.schema;
    if (schema === undefined) return [];
    return (optionsOf(resolve(schema)) ?? [schema]).map((one) => ({ status, ...faultOf(one) }));
  });

const faultRow = ({ status, types, code, details, note, declared }) =>
  el("div", { class: "fault" + (declared ? " declared" : "") },
    el("span", { class: "status-code" }, status),
    el("div", {},
      el("div", { class: "field-head" }, (types.length > 0 ? types : [code]).map((type) => el("code", { class: "field-name" }, type)), types.length > 0 && el("span", { class: "type" }, code)),
      note && el("div", { class: "note" }, inline(note)),
      declared && details && fieldsOf(details, received)));

const successView = ([status, given]) => {
  const response = resolve(given);
  const media = response.content?.["application/json"];
  const headers = Object.keys(response.headers ?? {}).filter((name) => name !== "X-Request-Id");
  const value = media && JSON.stringify(media.example ?? sampleOf(media.schema), null, 2);
  return el("div", { class: "fault" }, el("span", { class: "status-code good" }, status),
    el("div", {},
      el("div", { class: "field-head" }, media && typeOf(media.schema) !== "object" ? el("span", { class: "type" }, typeOf(media.schema)) : el("span", { class: "note" }, response.description), headers.map((name) => el("span", { class: "bound" }, name))),
      media && fieldsOf(media.schema, received),
      media && el("details", { class: "example" }, el("summary", {}, "JSON"), el("pre", { tabindex: "0" }, el("code", {}, colored(value))))));
};

const section = (title, ...children) => el("section", {}, el("h4", {}, title), children);
const facts = (operation) => {
  const budget = operation["x-budget"];
  const fact = (label, value) => el("div", {}, el("dt", {}, say(label)), el("dd", {}, value));
  return el("dl", { class: "facts" },
    fact("deadline", duration(budget.deadlineMs)), fact("access", accessOf(operation)), fact("twice", say(operation["x-idempotent"])),
    fact("criticality", say(operation["x-criticality"])), operation["x-operation-kind"] !== "action" && fact("statements", say("atMost", { n: budget.queries })),
    fact("kind", say(operation["x-operation-kind"])));
};

/** All of one operation; made when it is first opened. */
const operationBody = (operation) => {
  const parameters = operation.parameters;
  const media = operation.requestBody && resolve(operation.requestBody).content["application/json"];
  const responses = Object.entries(operation.responses);
  const faults = faultsOf(responses);
  const declared = faults.filter((fault) => fault.declared);
  return el("div", { class: "operation-body" },
    el("div", { class: "told" },
      operation["x-budget"] && [section(say("loadLine"), gauge(operation["x-budget"]), facts(operation))],
      parameters.length > 0 && section(say("parameters"), el("div", { class: "fields" }, parameters.map((parameter) =>
        fieldRow(parameter.name, parameter.schema, { mark: sent(parameter.required), place: say(wordsOf[parameter.in]), note: parameter.description })))),
      media && section(say("body"), fieldsOf(media.schema, sent)),
      section(say("answer"), responses.filter(([status]) => status < "400").map(successView)),
      declared.length > 0 && section(say("faults"), declared.map(faultRow)),
      el("details", { class: "platform" }, el("summary", {}, say("platformFaults")), faults.filter((fault) => !fault.declared).map(faultRow))),
    requestPanel(operation));
};

/** One row of the list; the rest follows when it is opened. */
const operationRow = (operation, most) => {
  const budget = operation["x-budget"];
  const fill = () => { if (row.childElementCount === 1) row.append(operationBody(operation)); };
  const row = el("details", { class: "operation", id: operation.operationId, onfill: fill, ontoggle: () => {
    if (!row.open) return;
    fill();
    history.replaceState(null, "", "#" + operation.operationId);
    showCurrent();
  } },
    el("summary", {},
      el("span", { class: "verb " + operation.verb }, operation.verb.toUpperCase()),
      el("span", { class: "what" }, el("h3", {}, el("code", {}, operation.path.split(/(\{.+?\})/).map((part) => (part.startsWith("{") ? el("i", {}, part) : part)))),
        el("span", { class: "summary" }, operation.summary !== operation.operationId && el("span", {}, operation.summary), el("code", {}, operation.operationId))),
      el("span", { class: "who" + (operation["x-access"] === "public" ? " open" : "") }, accessOf(operation)),
      budget && el("span", { class: "budget" }, loadLine(budget, most),
        el("span", { class: "numbers" }, el("b", {}, duration(budget.deadlineMs)), el("span", {}, budget.concurrency + " + " + budget.queue)))));
  const text = [operation.operationId, operation.verb, operation.path, operation.summary, operation["x-access"]].join(" ").toLowerCase();
  return { operation, row, text };
};

const showCurrent = () => {
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === location.hash) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
};
const openHash = () => {
  const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  showCurrent();
  if (row?.tagName !== "DETAILS") return;
  // The event of opening comes later, and what is not there yet cannot be scrolled to.
  row.dispatchEvent(new Event("fill"));
  row.open = true;
  row.scrollIntoView({ block: "start" });
};

/** The search, over rows, their modules and the links beside them. */
const searchField = (groups, status) => {
  const all = groups.flatMap(({ rows }) => rows);
  const search = el("input", { type: "search", placeholder: say("search"), "aria-label": say("search"), title: say("searchHint"), autocomplete: "off", spellcheck: "false", oninput: () => {
    const terms = search.value.toLowerCase().split(/\s+/).filter((term) => term !== "");
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
  } });
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
  const forget = () => set((field.value = ""));
  const menu = el("details", { class: "token", onkeydown: (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    summary.focus();
  } }, summary, el("div", { class: "menu" }, el("label", {}, el("span", { class: "label" }, say("tokenField")), field),
    el("p", { class: "note" }, say("tokenHint")), el("button", { type: "button", class: "quiet", onclick: forget }, say("forget"))));
  return menu;
};

/** Draws the whole page; also after the language was changed. */
const draw = () => {
  const { api } = state;
  document.documentElement.lang = language;
  const operations = operationsOf(api).map((operation) => ({ ...operation, parameters: (operation.parameters ?? []).map(resolve) }));
  const most = Math.max(1, ...operations.map(({ "x-budget": budget }) => (budget ? budget.concurrency + budget.queue : 1)));
  const tags = [...new Set([...(api.tags ?? []).map(({ name }) => name), ...operations.map(({ tag }) => tag)])];
  const groups = tags.map((tag) => {
    const rows = operations.filter((operation) => operation.tag === tag).map((operation) => {
      const link = el("li", {}, el("a", { href: "#" + operation.operationId, onclick: () => setTimeout(openHash) },
        el("span", { class: "verb " + operation.verb }, operation.verb.toUpperCase()), operation.operationId.slice(tag.length + 1)));
      return { ...operationRow(operation, most), link };
    });
    const heading = "module-" + tag;
    const part = el("section", { class: "module", "aria-labelledby": heading }, el("h2", { id: heading }, tag), rows.map(({ row }) => row));
    const links = el("div", {}, el("h2", {}, tag), el("ul", {}, rows.map(({ link }) => link)));
    return { rows, part, links, parts: [part, links] };
  });
  const status = el("p", { class: "found", role: "status" });
  const search = searchField(groups, status);
  const language2 = el("button", { type: "button", class: "quiet", lang: language === "en" ? "zh" : "en", "aria-label": say("languageLabel"), onclick: () => {
    language = language === "en" ? "zh" : "en";
    draw();
  } }, say("language"));
  document.getElementById("page").replaceChildren(
    el("a", { class: "skip", href: "#operations" }, say("skip")),
    el("header", {}, el("a", { class: "brand", href: "#" }, mark(), el("span", {}, api.info.title)), search,
      el("div", { class: "tools" }, api.components?.securitySchemes && tokenMenu(), language2)),
    el("nav", { "aria-label": say("operations") }, groups.map(({ links }) => links)),
    el("main", { id: "operations", tabindex: "-1" },
      el("div", { class: "intro" },
        el("div", {}, el("h1", {}, api.info.title, " ", el("small", {}, api.info.version)),
          el("p", { class: "count" }, say("count", { n: operations.length, modules: tags.length }), " · ", el("a", { href: DOCUMENT }, say("document"))),
          el("div", { class: "prose" }, prose(api.info.description))),
        el("aside", { class: "legend" }, el("h2", {}, say("loadLine")), el("p", {}, say("legend")), gauge({ concurrency: 64, queue: 128 }))),
      status, groups.map(({ part }) => part)));
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
    (api) => { state.api = api; draw(); },
    () => document.getElementById("page").replaceChildren(el("p", { class: "splash" }, say("failed"))));
`;
