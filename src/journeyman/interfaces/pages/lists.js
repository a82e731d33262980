// Long lists, a page at a time, with a filter over the text of every row.

const PAGE_ROWS = 50;
const PRINTED_ROWS = 200;
const PRINTED_OPEN = 12; // lists of so few rows are printed whole; of longer ones what the reader has opened

function pill(word, tone) {
  return element("span", { class: `pill ${tone}` }, String(word).replaceAll("_", " "));
}

// `summarize(row)` gives what a closed row shows, `detail(row)` what it shows open; details are made when first opened.
// `prints(row)` tells which rows of a long list are worth paper.
function pagedList(section, { rows, leftOut, what, idOf, summarize, detail, controls, accepts, prints }) {
  const count = element("span", { class: "count", role: "status" });
  const list = element("ol", { class: "rows" });
  const pager = element("nav", { class: "pager", "aria-label": `Pages of ${what}` });
  const state = { found: rows, page: 0, text: "", printing: false, opened: new Set() };
  const texts = new Map();
  const textOf = (row) => {
    if (!texts.has(row)) texts.set(row, JSON.stringify(row).toLowerCase());
    return texts.get(row);
  };
  section.append(element("div", { class: "tools" }, ...controls, count), list, pager);
  if (leftOut > 0) section.append(element("p", { class: "left-out" }, `${(rows.length + leftOut).toLocaleString("en")} ${what} took place; ${leftOut.toLocaleString("en")} are left out of this file to keep it small: those nearest to both ends stay, and troubled ones before others. The JSON report holds them all.`));

  const item = (row) => {
    const box = element("details", {}, element("summary", {}, ...summarize(row)));
    const fill = () => { if (box.children.length === 1) box.append(element("div", { class: "body" }, ...detail(row))); };
    box.addEventListener("toggle", () => {
      if (box.open) fill();
      if (!state.printing) state.opened[box.open ? "add" : "delete"](row);
    });
    if (state.opened.has(row) || (state.printing && rows.length <= PRINTED_OPEN)) { fill(); box.open = true; }
    return element("li", { id: idOf(row) }, box);
  };
  const draw = () => {
    const pages = Math.max(1, Math.ceil(state.found.length / PAGE_ROWS));
    state.page = Math.max(0, Math.min(pages - 1, state.page));
    const from = state.printing ? 0 : state.page * PAGE_ROWS;
    const found = state.printing && rows.length > PRINTED_OPEN ? state.found.filter((row) => prints(row) || state.opened.has(row)) : state.found;
    const shown = found.slice(from, from + (state.printing ? PRINTED_ROWS : PAGE_ROWS));
    list.replaceChildren(...shown.map(item));
    if (!state.found.length) list.append(element("li", { class: "empty" }, `No ${what} match.`));
    if (state.printing && state.found.length > shown.length) list.append(element("li", { class: "empty" }, `${(state.found.length - shown.length).toLocaleString("en")} ${shown.length ? "more " : ""}${what} are not printed.`));
    const all = rows.length.toLocaleString("en");
    count.textContent = state.found.length === rows.length ? `${all} ${rows.length === 1 ? what.slice(0, -1) : what}` : `${state.found.length.toLocaleString("en")} of ${all} ${what}`;
    drawPager(pages);
  };
  const turn = (page) => { state.page = page; draw(); section.scrollIntoView({ block: "start" }); };
  const drawPager = (pages) => {
    pager.hidden = pages === 1;
    if (pager.hidden) return;
    const button = (label, page, off) => {
      const made = element("button", { type: "button" }, label);
      made.disabled = off;
      made.addEventListener("click", () => turn(page));
      return made;
    };
    const field = element("input", { type: "number", min: "1", max: String(pages), value: String(state.page + 1), "aria-label": `Page of ${what}` });
    field.addEventListener("change", () => turn(Number(field.value) - 1 || 0));
    pager.replaceChildren(button("Previous", state.page - 1, state.page === 0), "Page", field, `of ${pages}`, button("Next", state.page + 1, state.page === pages - 1));
  };
  const refilter = () => {
    const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    state.found = rows.filter((row) => accepts(row) && words.every((word) => textOf(row).includes(word)));
    state.page = 0;
    draw();
  };
  draw();
  return {
    refilter,
    search(text) { state.text = text; refilter(); },
    get first() { return state.found.length ? list.firstChild : null; },
    reveal(wanted) {
      if (!state.found.includes(wanted)) return false;
      state.page = Math.floor(state.found.indexOf(wanted) / PAGE_ROWS);
      draw();
      const box = document.getElementById(idOf(wanted)).firstChild;
      box.open = true;
      box.scrollIntoView({ block: "start", behavior: "instant" });
      box.firstChild.focus({ preventScroll: true });
      return true;
    },
    print(on) { state.printing = on; draw(); },
  };
}

function shownValue(value) {
  if (value && typeof value === "object" && "$blob" in value) return `kept in the record as blob ${value.$blob} (${value.bytes} bytes)`;
  return typeof value === "string" ? value : JSON.stringify(value, null, 1);
}

function evidence(value) {
  if (!value || typeof value !== "object" || "$blob" in value || Object.values(value).some((part) => part && typeof part === "object")) return shownValue(value);
  return Object.entries(value).map(([name, part]) => `${name} ${part}`).join(", ");
}

function when(at) {
  return at ? `${String(at).slice(0, 19).replace("T", " ")} UTC` : "–";
}

function lasting(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${Number(seconds.toPrecision(3))} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function terms(rows) {
  return element("dl", { class: "facts" }, ...rows.filter(([, value]) => value !== "" && value !== undefined && value !== null)
    .map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, String(value)))));
}

function block(title, value, copies = "") {
  const head = element("h3", {}, title, ...(copies ? [" ", copyButton(copies, shownValue(value))] : []));
  return element("div", {}, head, element("pre", { tabindex: "0", "aria-label": title }, shownValue(value)));
}

function grid(caption, columns, rows) {
  const head = element("tr", { role: "row" }, ...columns.map((name) => element("th", { scope: "col", role: "columnheader" }, name)));
  const body = rows.map((cells) => element("tr", { role: "row" }, ...cells.map((cell, at) => element("td", { role: "cell", "data-label": columns[at] }, cell))));
  return element("table", { role: "table" }, element("caption", {}, caption), element("thead", { role: "rowgroup" }, head), element("tbody", { role: "rowgroup" }, ...body));
}
