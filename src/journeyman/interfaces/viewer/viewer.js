// Pages are whole without this: it draws charts, answers filters in place, and loads parts anew when something happened.

const PAGE = document.getElementById("content");
const served = new Map(); // part to its markup as it was served, before anything was drawn into it
const hint = document.getElementById("live-status");

function drawCharts(within) {
  for (const figure of within.querySelectorAll("figure[data-chart]")) {
    const { percent, ...told } = JSON.parse(figure.dataset.chart);
    figure.replaceChildren();
    chart(figure, percent ? { ...told, tell: (value) => `${Math.round(value * 100)} %` } : told);
  }
  for (const figure of within.querySelectorAll("figure[data-strip]")) {
    const { aborts, ...told } = JSON.parse(figure.dataset.strip);
    strip(figure, told, new Set(aborts), (index) => openRow(`iteration-${index}`));
  }
}

function openRow(name) {
  const row = document.getElementById(name);
  if (row?.tagName !== "DETAILS") return;
  row.open = true;
  row.scrollIntoView({ block: "start" });
  row.querySelector("summary").focus({ preventScroll: true });
}

function openFromAddress() {
  if (location.hash.length > 1) openRow(decodeURIComponent(location.hash.slice(1)));
}

// What a reader has opened, typed or focused stays as it is.
function opened(part) {
  return [...part.querySelectorAll("details[open]")].map(({ id }) => id).filter(Boolean);
}

function isBusy(part) {
  const at = document.activeElement;
  if (part.contains(at) && at.matches("input:not([type=hidden]):not([type=search]), textarea, select")) return true;
  return [...part.querySelectorAll("input[type=text], textarea")].some((one) => one.value !== one.defaultValue);
}

function enliven(part) {
  drawCharts(part);
  fillCopyButtons(part);
}

function take(part, fresh) {
  const name = part.id, open = opened(part), focus = part.contains(document.activeElement) ? document.activeElement.id || document.activeElement.getAttribute("href") : null;
  part.replaceWith(fresh);
  for (const one of open) { const row = document.getElementById(one); if (row) row.open = true; }
  enliven(fresh);
  if (focus && name) [...fresh.querySelectorAll("[id], a[href]")].find((one) => one.id === focus || one.getAttribute("href") === focus)?.focus({ preventScroll: true });
}

let loading = null;

// Loads the page again and takes over what differs.
async function refresh(address = location.href) {
  loading?.abort();
  loading = new AbortController();
  let source;
  try {
    const answer = await fetch(address, { signal: loading.signal, headers: { Accept: "text/html" } });
    if (!answer.ok) return false;
    source = await answer.text();
  } catch { return false; }
  const page = new DOMParser().parseFromString(source, "text/html");
  document.title = page.title;
  const header = document.querySelector("body > header"), freshHeader = page.querySelector("body > header");
  if (header && freshHeader && served.get("") !== freshHeader.outerHTML) {
    served.set("", freshHeader.outerHTML);
    header.replaceWith(document.adoptNode(freshHeader));
    fillCopyButtons(document.querySelector("body > header"));
  }
  const parts = [...page.getElementById("content").children];
  const wanted = new Set(parts.map(({ id }) => id));
  for (const part of [...PAGE.children]) if (!wanted.has(part.id)) part.remove();
  parts.forEach((fresh, at) => {
    const known = document.getElementById(fresh.id), told = fresh.outerHTML;
    if (known && PAGE.contains(known) && (served.get(fresh.id) === told || isBusy(known))) return;
    served.set(fresh.id, told);
    const mine = document.adoptNode(fresh);
    if (known && PAGE.contains(known)) take(known, mine);
    else { PAGE.insertBefore(mine, PAGE.children[at] ?? null); enliven(mine); }
  });
  return true;
}

// Many events in a moment are one look; the next one begins when the last is done.
let wanted = false, looking = false, last = 0, took = 0;
async function look() {
  wanted = true;
  if (looking) return;
  looking = true;
  while (wanted) {
    wanted = false;
    const rest = last + Math.max(700, 3 * took) - Date.now(); // a long record is looked at less often than a short one
    if (rest > 0) await new Promise((done) => setTimeout(done, rest));
    const begun = Date.now();
    await refresh();
    last = Date.now();
    took = last - begun;
  }
  looking = false;
}

function say(words) {
  if (hint.textContent !== words) hint.textContent = words;
}

function follow(address) {
  const source = new EventSource(address);
  source.addEventListener("open", () => say("live"));
  source.addEventListener("record", look);
  source.addEventListener("ended", () => { source.close(); look(); say("ended"); });
  source.addEventListener("error", () => say(source.readyState === EventSource.CLOSED ? "" : "connecting again …"));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  setInterval(() => { if (!document.hidden && source.readyState === EventSource.OPEN) look(); }, 30_000); // what no event tells: a driver that is gone
}

// A filter answers while it is typed; its address can be kept, and is what a reload shows.
function filters() {
  for (const form of document.querySelectorAll("form[data-filter]")) {
    let soon = 0;
    form.addEventListener("input", () => {
      clearTimeout(soon);
      soon = setTimeout(() => {
        const given = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
        const address = `${form.getAttribute("action")}${given.size ? `?${given}` : ""}`;
        history.replaceState(null, "", address);
        refresh();
      }, 250);
    });
  }
}

// A form whose answer is wanted in place.
document.addEventListener("submit", async (event) => {
  const place = document.getElementById(event.target.dataset.into ?? "");
  if (!place) return;
  event.preventDefault();
  place.textContent = "checking …";
  const answer = await fetch(event.target.action, { method: "POST" });
  const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#result, #error");
  place.replaceChildren(...(found ? [...document.adoptNode(found).childNodes] : ["no answer; try again"]));
});

for (const part of PAGE.children) served.set(part.id, part.outerHTML);
served.set("", document.querySelector("body > header")?.outerHTML);
enliven(document);
filters();
openFromAddress();
addEventListener("hashchange", openFromAddress);
if (document.body.dataset.live) follow(document.body.dataset.live);
