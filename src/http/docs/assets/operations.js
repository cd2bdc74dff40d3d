// The operations of the document, row by row.
import { accessOf, colored, duration, el, gauge, inline, loadLine, say } from "./page.js";
import { requestPanel, wordsOf } from "./request.js";
import { fieldRow, fieldsOf, optionsOf, received, resolve, sampleOf, sent, typeOf } from "./schema.js";

/** What a problem schema says of itself: its kinds, its code, its details. */
const faultOf = (given) => {
  const schema = resolve(given);
  const own = schema.allOf?.[1]?.properties ?? {};
  const declared = own.type?.const;
  const types = declared !== undefined ? [declared] : (own.type?.enum ?? []);
  return {
    declared: declared !== undefined,
    types: types.map((type) => type.replace("urn:plimsoll:", "")),
    code: own.code?.const,
    details: own.details,
    note: schema.description,
  };
};
const faultsOf = (responses) =>
  responses.flatMap(([status, given]) => {
    const schema = resolve(given).content?.["application/problem+json"]?.schema;
    if (schema === undefined) return [];
    return (optionsOf(resolve(schema)) ?? [schema]).map((one) => ({ status, ...faultOf(one) }));
  });

const faultRow = ({ status, types, code, details, note, declared }) =>
  el(
    "div",
    { class: `fault${declared ? " declared" : ""}` },
    el("span", { class: "status-code" }, status),
    el(
      "div",
      {},
      el(
        "div",
        { class: "field-head" },
        (types.length > 0 ? types : [code]).map((type) => el("code", { class: "field-name" }, type)),
        types.length > 0 && el("span", { class: "type" }, code),
      ),
      note && el("div", { class: "note" }, inline(note)),
      declared && details && fieldsOf(details, received),
    ),
  );

const successView = ([status, given]) => {
  const response = resolve(given);
  const media = response.content?.["application/json"];
  const headers = Object.keys(response.headers ?? {}).filter((name) => name !== "X-Request-Id");
  const value = media && JSON.stringify(media.example ?? sampleOf(media.schema), null, 2);
  return el(
    "div",
    { class: "fault" },
    el("span", { class: "status-code good" }, status),
    el(
      "div",
      {},
      el(
        "div",
        { class: "field-head" },
        media && typeOf(media.schema) !== "object"
          ? el("span", { class: "type" }, typeOf(media.schema))
          : el("span", { class: "note" }, response.description),
        headers.map((name) => el("span", { class: "bound" }, name)),
      ),
      media && fieldsOf(media.schema, received),
      media && el("details", { class: "example" }, el("summary", {}, "JSON"), el("pre", { tabindex: "0" }, el("code", {}, colored(value)))),
    ),
  );
};

const section = (title, ...children) => el("section", {}, el("h4", {}, title), children);
const facts = (operation) => {
  const budget = operation["x-budget"];
  const fact = (label, value) => el("div", {}, el("dt", {}, say(label)), el("dd", {}, value));
  return el(
    "dl",
    { class: "facts" },
    fact("deadline", duration(budget.deadlineMs)),
    fact("access", accessOf(operation)),
    fact("twice", say(operation["x-idempotent"])),
    fact("criticality", say(operation["x-criticality"])),
    operation["x-transaction"] !== "none" && fact("statements", say("atMost", { n: budget.queries })),
    fact("kind", say(operation["x-operation-kind"])),
  );
};

/** All of one operation; made when it is first opened. */
const operationBody = (operation) => {
  const parameters = operation.parameters;
  const media = operation.requestBody && resolve(operation.requestBody).content["application/json"];
  const responses = Object.entries(operation.responses);
  const faults = faultsOf(responses);
  const declared = faults.filter((fault) => fault.declared);
  return el(
    "div",
    { class: "operation-body" },
    el(
      "div",
      { class: "account" },
      operation["x-budget"] && [section(say("loadLine"), gauge(operation["x-budget"]), facts(operation))],
      parameters.length > 0 &&
        section(
          say("parameters"),
          el(
            "div",
            { class: "fields" },
            parameters.map((parameter) =>
              fieldRow(parameter.name, parameter.schema, {
                mark: sent(parameter.required),
                place: say(wordsOf[parameter.in]),
                note: parameter.description,
              }),
            ),
          ),
        ),
      media && section(say("body"), fieldsOf(media.schema, sent)),
      section(say("answer"), responses.filter(([status]) => status < "400").map(successView)),
      declared.length > 0 && section(say("faults"), declared.map(faultRow)),
      el(
        "details",
        { class: "platform" },
        el("summary", {}, say("platformFaults")),
        faults.filter((fault) => !fault.declared).map(faultRow),
      ),
    ),
    requestPanel(operation),
  );
};

/** One row of the list; the rest follows when it is opened. */
export const operationRow = (operation, most) => {
  const budget = operation["x-budget"];
  const fill = () => {
    if (row.childElementCount === 1) row.append(operationBody(operation));
  };
  const row = el(
    "details",
    {
      class: "operation",
      id: operation.operationId,
      onfill: fill,
      ontoggle: () => {
        if (!row.open) return;
        fill();
        history.replaceState(null, "", `#${operation.operationId}`);
        showCurrent();
      },
    },
    el(
      "summary",
      {},
      el("span", { class: `verb ${operation.verb}` }, operation.verb.toUpperCase()),
      el(
        "span",
        { class: "what" },
        el(
          "h3",
          {},
          el(
            "code",
            {},
            operation.path.split(/(\{.+?\})/).map((part) => (part.startsWith("{") ? el("i", {}, part) : part)),
          ),
        ),
        el(
          "span",
          { class: "summary" },
          operation.summary !== operation.operationId && el("span", {}, operation.summary),
          el("code", {}, operation.operationId),
        ),
      ),
      el("span", { class: `who${operation["x-access"] === "public" ? " open" : ""}` }, accessOf(operation)),
      budget &&
        el(
          "span",
          { class: "budget" },
          loadLine(budget, most),
          el(
            "span",
            { class: "numbers" },
            el("b", {}, duration(budget.deadlineMs)),
            el("span", {}, `${budget.concurrency} + ${budget.queue}`),
          ),
        ),
    ),
  );
  const text = [operation.operationId, operation.verb, operation.path, operation.summary, operation["x-access"]].join(" ").toLowerCase();
  return { operation, row, text };
};

const showCurrent = () => {
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === location.hash) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
};
export const openHash = () => {
  const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  showCurrent();
  if (row?.tagName !== "DETAILS") return;
  // The event of opening comes later, and what is not there yet cannot be scrolled to.
  row.dispatchEvent(new Event("fill"));
  row.open = true;
  row.scrollIntoView({ block: "start" });
};
