// Requests as curl lines and as forms that send them.
import { colored, copyable, el, pretty, say, state } from "./page.js";
import { resolve, sampleOf, typeOf } from "./schema.js";

const newKey = () => {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  return [...bytes]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
};
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const isKey = (parameter) => parameter.name === "Idempotency-Key";
export const wordsOf = { path: "inPath", query: "inQuery", header: "inHeader" };

/** The values with which a form begins: examples, and what is required. */
const startOf = (parameter) => {
  if (isKey(parameter)) return newKey();
  const value = parameter.example ?? (parameter.required ? sampleOf(parameter.schema) : undefined);
  return value === undefined ? "" : [value].flat().join(",");
};

/** What the fields of a form come to: the URL, the headers and the body. */
const requestOf = (operation, { values, body }) => {
  const fields = operation.parameters.map((parameter) => ({ ...parameter, value: values.get(parameter) }));
  const path = operation.path.replace(/\{(.+?)\}/g, (_, name) =>
    encodeURIComponent(fields.find((field) => field.in === "path" && field.name === name)?.value ?? ""),
  );
  const search = new URLSearchParams();
  for (const { in: place, name, value, schema } of fields) {
    if (place !== "query" || value === "") continue;
    const many = [resolve(schema).type].flat().includes("array");
    for (const one of many ? value.split(",") : [value]) search.append(name, one.trim());
  }
  const headers = fields.filter((field) => field.in === "header" && field.value !== "").map(({ name, value }) => [name, value]);
  if (body !== undefined && body.trim() !== "") headers.push(["Content-Type", "application/json"]);
  const query = search.toString();
  return { url: location.origin + path + (query === "" ? "" : `?${query}`), headers, body: body?.trim() === "" ? undefined : body };
};

/** The request as a line for a shell. The token stays out of it. */
const curlOf = (operation, input) => {
  const { url, headers, body } = requestOf(operation, input);
  const parts = [`curl${operation.verb === "get" ? "" : ` -X ${operation.verb.toUpperCase()}`} ${quoted(url)}`];
  if (needsToken(operation)) parts.push('-H "Authorization: Bearer $TOKEN"');
  for (const [name, value] of headers) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (body !== undefined) parts.push(`-d ${quoted(body)}`);
  return parts.join(" \\\n  ");
};
const needsToken = ({ security }) => (security?.length ?? 0) > 0;

/** One labelled field of the form. */
const formField = (parameter, { values, changed }) => {
  const schema = resolve(parameter.schema);
  const options = schema.enum ?? (schema.type === "boolean" ? ["true", "false"] : undefined);
  const set = (event) => {
    values.set(parameter, event.target.value);
    changed();
  };
  const many = [schema.type].flat().includes("array");
  const hint = schema.default !== undefined ? String(schema.default) : many ? say("several") : typeOf(schema);
  const control = options
    ? el(
        "select",
        { onchange: set },
        (parameter.required ? [] : [""]).concat(options.map(String)).map((option) => el("option", { value: option }, option)),
      )
    : el("input", { type: "text", placeholder: hint, spellcheck: "false", autocomplete: "off", oninput: set });
  control.value = values.get(parameter);
  const again = () => {
    control.value = newKey();
    values.set(parameter, control.value);
    changed();
  };
  return el(
    "div",
    { class: "form-field" },
    el(
      "label",
      {},
      el(
        "span",
        { class: "label" },
        el("code", {}, parameter.name),
        " ",
        el("span", { class: "tag" }, say(wordsOf[parameter.in])),
        parameter.required && el("span", { class: "tag required" }, say("required")),
      ),
      control,
    ),
    isKey(parameter) && el("button", { type: "button", class: "quiet", onclick: again }, say("newKey")),
  );
};

/** Sends what the form says and shows what comes back. */
const send = async (operation, input, { show, button }) => {
  const { url, headers, body } = requestOf(operation, input);
  if (state.token !== "" && needsToken(operation)) headers.push(["Authorization", `Bearer ${state.token}`]);
  button.disabled = true;
  button.textContent = say("sending");
  const began = performance.now();
  try {
    const response = await fetch(url, {
      method: operation.verb.toUpperCase(),
      headers,
      body,
      cache: "no-store",
      credentials: "omit",
      redirect: "manual",
    });
    const text = await response.text();
    show(answerView(response, { text, took: performance.now() - began }));
  } catch {
    show(el("p", { class: "status bad" }, say("noAnswer")));
  }
  button.disabled = false;
  button.textContent = say("send");
};

const shownHeaders = ["location", "etag", "retry-after", "idempotency-replayed", "www-authenticate", "x-request-id"];
const answerView = (response, { text, took }) => {
  const size = new TextEncoder().encode(text).length;
  const shape = pretty(text);
  return el(
    "div",
    {},
    el(
      "p",
      { class: `status ${response.ok || response.status === 304 ? "good" : "bad"}` },
      el("b", {}, `${response.status} ${response.statusText}`),
      el("span", {}, `${Math.round(took)} ms`),
      el("span", {}, `${size} ${say("bytes")}`),
      response.headers.get("idempotency-replayed") === "true" && el("span", {}, say("replayed")),
    ),
    el(
      "dl",
      { class: "answer-headers" },
      shownHeaders
        .filter((name) => response.headers.has(name))
        .map((name) => [el("dt", {}, name), el("dd", {}, response.headers.get(name))]),
    ),
    text !== "" && el("pre", { tabindex: "0" }, el("code", {}, shape === undefined ? text : colored(shape))),
  );
};

/** The request of one operation: its curl line, which follows the form below it. */
export const requestPanel = (operation) => {
  const media = operation.requestBody && resolve(operation.requestBody).content["application/json"];
  const values = new Map(operation.parameters.map((parameter) => [parameter, startOf(parameter)]));
  const input = { values, body: media && JSON.stringify(media.example ?? sampleOf(media.schema), null, 2) };
  const line = el("code");
  const changed = () => line.replaceChildren(curlOf(operation, input));
  const answer = el("div", { class: "live", role: "status" });
  const button = el("button", { type: "submit", class: "primary" }, say("send"));
  const body =
    media &&
    el("textarea", {
      rows: Math.min(14, input.body.split("\n").length + 1),
      spellcheck: "false",
      oninput: (event) => {
        input.body = event.target.value;
        event.target.setAttribute("aria-invalid", String(input.body.trim() !== "" && pretty(input.body) === undefined));
        changed();
      },
    });
  if (body) body.value = input.body;
  changed();
  const form = el(
    "form",
    {
      onsubmit: (event) => {
        event.preventDefault();
        void send(operation, input, { button, show: (view) => answer.replaceChildren(view) });
      },
    },
    operation.parameters.map((parameter) => formField(parameter, { values, changed })),
    body &&
      el(
        "div",
        { class: "form-field" },
        el("label", {}, el("span", { class: "label" }, say("body"), " ", el("span", { class: "tag" }, "JSON")), body),
      ),
    el(
      "p",
      { class: "note" },
      operation.verb !== "get" && `${say("warning")} `,
      needsToken(operation) && el("span", { class: "needs-token" }, say("needsToken")),
    ),
    button,
  );
  return el(
    "div",
    { class: "panel" },
    el(
      "div",
      { class: "panel-inner" },
      el(
        "div",
        { class: "panel-head" },
        el("h4", {}, say("request")),
        copyable(() => line.textContent, "curl"),
      ),
      el("pre", { class: "curl", tabindex: "0" }, line),
      el("details", { class: "try" }, el("summary", {}, say("tryIt")), form, answer),
    ),
  );
};
