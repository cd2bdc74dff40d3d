// Sends a document and shows its results, of a subscription one below the other.
import { ask, coloredJson, el, say } from "./page.js";

/** Results that stay on the page; older ones go. */
const kept = 50;
const block = (value) => el("pre", { tabindex: "0" }, el("code", {}, coloredJson(JSON.stringify(value, null, 2))));

/** Reads events as they come, and gives their names and data. */
const readEvents = async (response, take) => {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    text += read.value;
    const events = text.split("\n\n");
    text = events.pop();
    for (const one of events) {
      const name = /^event: (.*)$/m.exec(one)?.[1];
      const data = /^data: (.+)$/m.exec(one)?.[1];
      if (name === "next" && data !== undefined) take(JSON.parse(data));
    }
  }
};

const isSubscription = (query) => /^\s*subscription\b/m.test(query.replace(/#[^\n]*/g, ""));

/** The part of the page with results. `read`: returns the request, or says what is wrong with it. */
export const results = (read, button) => {
  const status = el("p", { class: "status", role: "status" });
  const list = el("div", { class: "results" });
  let leaving;
  const idle = () => {
    leaving = undefined;
    button.textContent = say("run");
  };
  const show = (value) => {
    list.prepend(block(value));
    while (list.childElementCount > kept) list.lastElementChild.remove();
  };
  const send = async (request) => {
    const events = isSubscription(request.query);
    const began = performance.now();
    const response = await ask(request, { signal: leaving.signal, ...(events && { accept: "text/event-stream, application/json" }) });
    const said = () => say("took", { status: response.status, ms: Math.round(performance.now() - began) });
    status.textContent = said();
    status.classList.toggle("bad", !response.ok);
    if (response.headers.get("content-type")?.startsWith("text/event-stream")) await readEvents(response, show);
    else {
      const text = await response.text();
      let value = text;
      try {
        value = JSON.parse(text);
      } catch {}
      if (value.errors) status.classList.add("bad");
      show(value);
    }
    status.textContent = said();
  };
  const run = async () => {
    if (leaving !== undefined) return leaving.abort();
    const request = read();
    if (request.problem !== undefined) {
      status.textContent = request.problem;
      status.classList.add("bad");
      return;
    }
    leaving = new AbortController();
    button.textContent = say("stop");
    list.replaceChildren();
    try {
      await send(request);
    } catch (error) {
      status.textContent = leaving.signal.aborted ? say("stopped") : `${say("unreachable")} ${error.message}`;
      status.classList.toggle("bad", !leaving.signal.aborted);
    }
    idle();
  };
  button.addEventListener("click", run);
  idle();
  return { view: el("section", { class: "outcome", "aria-label": say("result") }, status, list), run };
};
