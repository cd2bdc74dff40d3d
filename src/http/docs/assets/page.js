// The page's elements, words and load lines. No HTML is ever parsed from text.
const make =
  (create) =>
  (name, attributes, ...children) => {
    const node = create(name);
    for (const [key, value] of Object.entries(attributes ?? {})) {
      if (value === undefined || value === false) continue;
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.flat(9).filter((child) => child !== undefined && child !== false && child !== ""));
    return node;
  };
export const el = make((name) => document.createElement(name));
const svg = make((name) => document.createElementNS("http://www.w3.org/2000/svg", name));

export const state = { api: undefined, token: "", language: navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en" };
export const say = (key, values) => (WORDS[state.language][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values?.[name] ?? ""));

const verbs = ["get", "post", "put", "patch", "delete"];

/** Every operation of the document, with its path and verb. */
export const operationsOf = (api) =>
  Object.entries(api.paths).flatMap(([path, item]) =>
    verbs.filter((verb) => item[verb]).map((verb) => ({ path, verb, tag: item[verb].tags?.[0] ?? "", ...item[verb] })),
  );

/** Text in which only code between backticks and empty lines mean something. */
export const prose = (text) =>
  (text ?? "").split(/\n\n+/).map((paragraph) =>
    el(
      "p",
      {},
      paragraph.split(/(\x60[^\x60]+\x60)/).map((part) => (part.startsWith("\x60") ? el("code", {}, part.slice(1, -1)) : part)),
    ),
  );
export const inline = (text) => prose(text).flatMap((paragraph) => [...paragraph.childNodes]);

export const duration = (ms) => (ms < 1000 ? `${ms} ms` : ms < 60000 ? `${ms / 1000} s` : `${ms / 60000} min`);
export const accessOf = (operation) => {
  const access = operation["x-access"] ?? "";
  if (!access.startsWith("role ")) return say(access);
  return `${say("role")} ${access.slice(5).replaceAll(" or ", ` ${say("or")} `)}`;
};

/** The platform's mark: a disc with the line to which a ship may be loaded. */
export const mark = (attributes) =>
  svg(
    "svg",
    { viewBox: "0 0 32 32", "aria-hidden": "true", class: "mark", ...attributes },
    svg("circle", { cx: 16, cy: 16, r: 9.5 }),
    svg("path", { d: "M1 16H31" }),
  );

/** How far a number reaches: by its root, so that small budgets are still seen beside large ones. */
const reach = (count, most) => Math.sqrt(count / most);

/** The load line of one operation, small: what runs, what waits, and the mark beyond which the next is refused. */
export const loadLine = ({ concurrency, queue }, most) => {
  const width = 138;
  const run = Math.max(3, reach(concurrency, most) * width);
  const end = Math.max(run, reach(concurrency + queue, most) * width);
  return svg(
    "svg",
    { viewBox: "0 0 164 20", class: "load", role: "img", "aria-label": say("gauge", { run: concurrency, wait: queue }) },
    svg("path", { d: "M1 10H162", class: "track" }),
    svg("rect", { x: 1, y: 6, width: run, height: 8, rx: 1, class: "run" }),
    end > run && svg("rect", { x: 1 + run, y: 6, width: end - run, height: 8, class: "wait" }),
    svg("circle", { cx: end + 9, cy: 10, r: 6, class: "disc" }),
    svg("path", { d: `M${end} 10H${end + 18}`, class: "line" }),
  );
};

/** The same, large and with its figures. */
export const gauge = ({ concurrency, queue }) => {
  const part = (kind, count, text) => {
    const node = el(
      "div",
      { class: `part ${kind}` },
      el("span", { class: "bar" }),
      el("span", { class: "figure" }, el("b", {}, String(count)), ` ${text}`),
    );
    node.style.flexGrow = String(Math.sqrt(count));
    return node;
  };
  return el(
    "div",
    { class: "gauge" },
    part("run", concurrency, say("atOnce")),
    queue > 0 && part("wait", queue, say("waiting")),
    el("div", { class: "part end" }, mark(), el("span", { class: "figure" }, say("beyond"))),
  );
};

/** A block of text with a button that copies it. */
export const copyable = (read, label) => {
  const button = el(
    "button",
    {
      type: "button",
      class: "quiet",
      "aria-live": "polite",
      onclick: async () => {
        const done = await copy(read());
        if (!done) return;
        button.textContent = say("copied");
        setTimeout(() => {
          button.textContent = say("copy");
        }, 1500);
      },
      "aria-label": `${say("copy")}: ${label}`,
    },
    say("copy"),
  );
  return button;
};
const copy = async (text) => {
  if (navigator.clipboard)
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  // Without TLS there is no clipboard interface; a selection can still be copied.
  const area = el("textarea", { readonly: true, class: "offscreen" }, text);
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
};

/** JSON with its parts colored by kind. */
export const colored = (text) => {
  const parts = text.split(/("(?:[^"\\]|\\.)*"(?:\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/);
  return parts.map((part, at) => {
    if (at % 2 === 0) return part;
    const kind = part.endsWith(":") ? "name" : part.startsWith('"') ? "text" : "value";
    return el("span", { class: `json-${kind}` }, part);
  });
};
export const pretty = (text) => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return undefined;
  }
};
