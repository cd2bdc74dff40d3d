// The page's elements and words. No HTML is ever parsed from text.
export const el = (name, attributes, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(9).filter((child) => child !== undefined && child !== null && child !== false && child !== ""));
  return node;
};

export const state = { token: "", schema: undefined, language: navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en" };
export const say = (key, values) => (WORDS[state.language][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values?.[name] ?? ""));

/** Text with its parts colored by kind: `kindOf` says the kind of a part that the pattern found. */
const parted = (text, pattern, kindOf) =>
  text.split(pattern).map((part, at) => {
    const kind = at % 2 === 0 ? undefined : kindOf(part);
    return kind === undefined ? part : el("span", { class: kind }, part);
  });

export const coloredJson = (text) =>
  parted(text, /("(?:[^"\\]|\\.)*"(?:\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/, (part) =>
    part.endsWith(":") ? "name" : part.startsWith('"') ? "text" : "value",
  );

const words = /^(?:query|mutation|subscription|fragment|on)$/;
export const coloredDocument = (text) =>
  parted(text, /("""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*|[$@]\w+|\b[_A-Za-z]\w*\b|-?\b\d+(?:\.\d+)?\b)/, (part) => {
    if (part.startsWith("#")) return "comment";
    if (part.startsWith('"')) return "text";
    if (/^[$@]/.test(part)) return "name";
    if (/^-?\d/.test(part) || /^(?:true|false|null)$/.test(part)) return "value";
    return words.test(part) ? "word" : undefined;
  });

/** Sends a request of GraphQL with the token of the page. */
export const ask = (request, { accept, signal } = {}) => {
  const headers = { "content-type": "application/json", accept: accept ?? "application/graphql-response+json, application/json;q=0.9" };
  if (state.token !== "") headers.authorization = `Bearer ${state.token}`;
  return fetch(ENDPOINT, { method: "POST", headers, body: JSON.stringify(request), credentials: "same-origin", signal });
};
