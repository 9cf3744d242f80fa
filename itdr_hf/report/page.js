
"use strict";
// The browser of examples. Texts are other people's: they only ever become text nodes.
(() => {
  const byId = (id) => document.getElementById(id);
  const packed = new Map([...document.querySelectorAll("script[data-block]")].map((e) => [e.dataset.block, e]));
  const unpacked = new Map();
  const splits = [...document.querySelectorAll("input[name=split]")];
  const state = { cell: byId("cell").value, split: "test", at: 1 };

  async function unpack(element) {
    const bytes = Uint8Array.from(atob(element.textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  function rowsOf(name) {
    if (!unpacked.has(name)) unpacked.set(name, unpack(packed.get(name)));
    return unpacked.get(name);
  }

  function element(tag, className, ...children) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children);
    return made;
  }

  const inWord = /[\p{L}\p{N}]/u;
  const whole = (text, from, to) => !inWord.test(text[from - 1] ?? " ") && !inWord.test(text[to] ?? " ");

  // Where a title stands: at the start of the last list line that begins with it, else where it was said last.
  function find(text, title, taken) {
    const free = (from) => taken.every(([a, b]) => from + title.length <= a || from >= b);
    let end = text.length;
    while (end >= 0 && title) {
      const start = text.lastIndexOf("\n", end - 1) + 1;
      const from = start + text.slice(start, end).match(/^\s*(?:\d+\.|-)?\s*/)[0].length;
      if (text.startsWith(title, from) && whole(text, from, from + title.length) && free(from)) return from;
      end = start - 1;
    }
    for (let from = text.lastIndexOf(title); title && from >= 0; from = from ? text.lastIndexOf(title, from - 1) : -1)
      if (whole(text, from, from + title.length) && free(from)) return from;
    return -1;
  }

  function marked(text, targets, others) {
    const taken = [];
    const wanted = [...targets.map((t) => [t, "target"]), ...others.map((t) => [t, "other"])];
    for (const [title, kind] of wanted.sort((a, b) => b[0].length - a[0].length)) {
      const from = find(text, title, taken);
      if (from >= 0) taken.push([from, from + title.length, kind]);
    }
    const nodes = [];
    let done = 0;
    for (const [from, to, kind] of taken.sort((a, b) => a[0] - b[0])) {
      nodes.push(text.slice(done, from), element("mark", kind, text.slice(from, to)));
      done = to;
    }
    return [...nodes, text.slice(done)];
  }

  function part(name, className, ...children) {
    return element("section", "", element("h3", "", name), element("div", className, ...children));
  }

  function shown(row) {
    const chosen = row.candidates.filter((c) => row.targets.includes(c));
    const others = row.candidates.filter((c) => !row.targets.includes(c));
    const facts = [row.id, row.domain, row.user && `user ${row.user}`, `answer by ${row.reference_by}`];
    facts.push(row.template !== "default" && `wording ${row.template}`);
    const parts = [element("p", "facts", facts.filter(Boolean).join(" · "))];
    if (row.instruction) parts.push(part("instruction", "text", row.instruction));
    parts.push(part("input", "text", ...marked(row.input, chosen, others)));
    const truths = row.target_names.length || row.candidates.length === 1 ? row.targets : chosen;
    parts.push(part("output", "text", ...marked(row.output, truths, others)));
    if (row.candidates.length > 1) {
      const line = (c) => element("li", chosen.includes(c) ? "target" : "", c, chosen.includes(c) ? element("span", "unseen", " (chosen)") : "");
      parts.push(part("candidates", "", element("ol", "candidates", ...row.candidates.map(line))));
    }
    return parts;
  }

  async function show() {
    const name = `${state.cell}/${state.split}`;
    const { count, of } = packed.get(name).dataset;
    state.at = Math.min(Math.max(1, state.at), Math.max(1, Number(count)));
    byId("cell").value = state.cell;
    for (const radio of splits) radio.checked = radio.value === state.split;
    byId("number").max = count;
    byId("number").value = state.at;
    byId("back").disabled = state.at <= 1;
    byId("next").disabled = state.at >= Number(count);
    const asked = `${name}/${state.at}`;
    const rows = await rowsOf(name);
    if (asked !== `${state.cell}/${state.split}/${state.at}`) return; // another was asked for meanwhile
    const row = rows[state.at - 1];
    byId("example").replaceChildren(...(row ? shown(row) : [element("p", "facts", "No examples in this split.")]));
    byId("example").dataset.shown = asked;
    byId("where").textContent = `${state.cell}, ${state.split}: ${state.at} of ${count} here, ${Number(of).toLocaleString("en")} in the release`;
  }

  let settling = 0;
  function go(change) {
    Object.assign(state, change);
    clearTimeout(settling); // a key held down changes it too often for the browser's taste
    settling = setTimeout(() => history.replaceState(null, "", `#${state.cell}/${state.split}/${state.at}`), 300);
    return show();
  }

  function fromAddress() {
    const [, cell, split, at] = decodeURIComponent(location.hash).match(/^#(.+)\/(\w+)\/(\d+)$/) ?? [];
    if (!packed.has(`${cell}/${split}`)) return false;
    Object.assign(state, { cell, split, at: Number(at) });
    return true;
  }

  function turn(list, value, by) {
    return list[(list.indexOf(value) + by + list.length) % list.length];
  }

  const cells = [...byId("cell").options].map((option) => option.value);
  const keys = {
    ArrowLeft: () => go({ at: state.at - 1 }),
    ArrowRight: () => go({ at: state.at + 1 }),
    "[": () => go({ cell: turn(cells, state.cell, -1), at: 1 }),
    "]": () => go({ cell: turn(cells, state.cell, 1), at: 1 }),
    s: () => go({ split: turn(splits.map((radio) => radio.value), state.split, 1), at: 1 }),
  };

  byId("browser").addEventListener("submit", (event) => event.preventDefault());
  byId("cell").addEventListener("change", () => go({ cell: byId("cell").value, at: 1 }));
  for (const radio of splits) radio.addEventListener("change", () => go({ split: radio.value, at: 1 }));
  byId("number").addEventListener("change", () => go({ at: Math.round(Number(byId("number").value)) || 1 }));
  byId("back").addEventListener("click", keys.ArrowLeft);
  byId("next").addEventListener("click", keys.ArrowRight);
  document.addEventListener("keydown", (event) => {
    const busy = event.target.closest?.("input, select, .scroll") || event.ctrlKey || event.metaKey || event.altKey;
    if (busy || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
  addEventListener("hashchange", () => {
    if (fromAddress()) show().then(() => byId("examples").scrollIntoView());
  });
  document.querySelector("#release svg").addEventListener("click", (event) => {
    const { cell } = event.target.closest("[data-cell]")?.dataset ?? {};
    if (cell) location.hash = `#${cell}/test/1`;
  });

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });

  if (typeof DecompressionStream === "undefined") {
    byId("example").textContent = "This browser is too old to unpack the examples; the rest of the page works.";
    return;
  }
  byId("browser").hidden = byId("keys").hidden = false;
  const linked = fromAddress();
  show().then(() => {
    if (linked) byId("examples").scrollIntoView();
    document.documentElement.dataset.ready = Math.round(performance.now());
  });
})();
