// Brings the page to life from the embedded report.

// Control characters and those that turn the reading direction are shown, not obeyed: names of fields included.
const HIDDEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const visible = (text) => text.replace(HIDDEN, "\ufffd");
const report = JSON.parse(document.getElementById("report").textContent, (_, value) => {
  if (typeof value === "string") return visible(value);
  const plain = !value || typeof value !== "object" || Array.isArray(value) || Object.keys(value).every((name) => visible(name) === name);
  return plain ? value : Object.fromEntries(Object.entries(value).map(([name, part]) => [visible(name), part]));
});
const $ = (id) => document.getElementById(id);
const aborts = new Set(report.criteria.filter((criterion) => criterion.abort_when_met).map(({ id }) => id));
const lists = {};

function unhide(part) {
  for (const made of document.querySelectorAll(`[data-needs="${part}"]`)) made.hidden = false;
}

function openIteration(index) {
  const row = report.iterations.find((one) => one.index === index);
  if (!row) return;
  if (!lists.iterations.reveal(row)) { clearFilters(); lists.iterations.reveal(row); }
  if (location.hash !== `#iteration-${index}`) history.replaceState(null, "", `#iteration-${index}`);
}

function openFromAddress() {
  const asked = /^#iteration-(\d+)$/.exec(location.hash);
  if (asked && lists.iterations) openIteration(Number(asked[1]));
}

function clearFilters() {
  $("find").value = "";
  if ($("verdict-filter")) $("verdict-filter").value = "";
  for (const list of Object.values(lists)) list.search("");
}

function burnDown() {
  const rows = report.budget_series;
  const kinds = { iterations: "iterations", wall_clock_s: "driven time", tool_calls: "tool calls", tokens: "tokens", cost_usd: "cost" };
  const series = Object.keys(kinds).filter((kind) => report.budget[kind] > 0).map((kind) => ({
    name: kinds[kind],
    points: rows.map((row) => [row.iteration, Math.max(0, 1 - row[kind] / report.budget[kind])]),
  }));
  if (rows.length && series.length) chart($("burn-down"), { title: "What was left", note: "of each budget as it stands at the end", series, fixed: [0, 1], tell: (value) => `${Math.round(value * 100)} %` });
}

function goals(name) {
  return report.criteria.filter(({ definition }) => "target" in definition && String(definition.metric).replace(/^metrics\./, "") === name)
    .map(({ definition, abort_when_met: bad }) => ({ value: definition.target, label: `${bad ? "abort: " : ""}${definition.op} ${number(definition.target)}`, bad }));
}

function metricCharts() {
  const names = Object.keys(report.series).filter((name) => report.series[name].length);
  if (!names.length) return;
  unhide("metrics");
  names.sort((one, other) => (goals(other).length > 0) - (goals(one).length > 0));
  const add = (name) => {
    const points = report.series[name], targets = goals(name), figure = element("figure", { class: "card" });
    $("metric-charts").append(figure);
    const note = [`now ${number(points.at(-1)[1])}`, ...targets.map(({ label }) => label)].join(", ");
    chart(figure, { title: name, note, series: [{ name, points }], targets });
  };
  names.slice(0, 12).forEach(add);
  const more = element("button", { type: "button" }, `Show ${names.length - 12} more metrics`);
  more.addEventListener("click", () => { more.remove(); names.slice(12).forEach(add); });
  if (names.length > 12) $("metrics").append(more);
  if (report.left_out.series) $("metrics").append(element("p", { class: "left-out" }, `${report.left_out.series} more metrics are left out of this file.`));
}

function mark(item) {
  const [word, tone] = statusOf(item, aborts);
  const sign = { good: "✓", bad: "✕" }[tone] ?? "?";
  return element("span", { class: `mark ${tone}`, role: "img", "aria-label": `${item.id} ${word}`, title: aborts.has(item.id) ? `${item.id}: ${word}` : `${item.id}: ${word}, ${Math.round(item.progress * 100)} %` }, sign);
}

function iterationSummary(row) {
  const text = report.texts[row.index];
  const chips = text.trouble.map(([word, tone]) => element("span", { class: `pill small ${tone}` }, word));
  const title = element("span", { class: "title" }, element("span", { class: "line" }, text.line), ...chips.flatMap((chip) => [chip, " "]));
  const verdict = row.verdict ? [pill(row.verdict, TONES[row.verdict] ?? "plain-tone"), element("span", { class: "quiet" }, String(row.reason).replaceAll("_", " "))] : [pill("open", "going")];
  const evaluation = Array.isArray(row.evaluation) ? row.evaluation : [];
  const well = evaluation.filter((item) => statusOf(item, aborts)[1] === "good").length;
  const marks = evaluation.length > 8 ? [`${well}/${evaluation.length}`] : evaluation.map(mark);
  const parts = [element("span", { class: "number" }, `#${row.index}`), title, element("span", { class: "verdict-cell" }, ...verdict), element("span", { class: "marks" }, ...marks)];
  const found = lanes.get(row.index);
  if (found) parts.push(laneBars(found, longestLane));
  if (text.took) parts.push(element("span", { class: "took quiet" }, text.took));
  return parts;
}

function iterationDetail(row) {
  const parts = [terms([["By", row.confidence === undefined ? row.source : `${row.source} (${Math.round(100 * row.confidence)} % sure)`], ["Started", when(row.started_at)], ["Took", report.texts[row.index].took], ["Checkpoint", row.checkpoint === undefined ? "" : row.checkpoint ? "yes" : "no"], ["Changed", report.texts[row.index].changed], ["Why", row.strategy?.rationale]])];
  if (Array.isArray(row.evaluation) && row.evaluation.length) {
    parts.push(grid(`Evaluation of iteration ${row.index}`, ["Criterion", "Status", "Progress", "Evidence"], row.evaluation.map((item) => {
      const [word, tone] = statusOf(item, aborts);
      return [element("b", { class: "name" }, item.id), pill(word, tone), aborts.has(item.id) ? "" : `${Math.round(item.progress * 100)} %`, `${evidence(item.evidence)}${item.carried ? " (not measured now)" : ""}`];
    })));
  }
  const effects = effectsOf.get(row.index) ?? [];
  if (effects.length) {
    const { span } = lanes.get(row.index) ?? { span: 0 };
    parts.push(grid(`Effects of iteration ${row.index}`, ["Effect", "Call", "State", "Took"], effects.map((effect) => {
      const link = element("a", { href: "#effects" }, effect.effect);
      link.addEventListener("click", (event) => { event.preventDefault(); if (!lists.effects.reveal(effect)) { clearFilters(); pressState(""); lists.effects.reveal(effect); } });
      const bar = lanes.get(row.index)?.bars.find((one) => one.effect === effect);
      const took = element("span", {}, effect.duration_s === undefined ? "" : lasting(effect.duration_s), ...(bar && span ? [laneBars({ bars: [bar], span: bar.length }, span)] : []));
      return [link, calledWith(effect), pill(effect.state, TONES[effect.state] ?? "going"), took];
    })));
  }
  if (Array.isArray(row.errors) && row.errors.length) parts.push(grid(`Errors of iteration ${row.index}`, ["Error of", "Class", "Text"], row.errors.map((error) => [String(error.tool ?? "the iteration"), String(error.error_class ?? ""), shownValue(error.error ?? error)])));
  const fork = `journeyman fork ${report.session_id} --at ${row.index}`;
  if (row.ended_at) parts.push(element("p", { class: "quiet" }, "Another way from here: ", element("code", {}, fork), " ", copyButton("this command", fork)));
  parts.push(element("p", { class: "quiet" }, element("a", { href: `#iteration-${row.index}` }, `#iteration-${row.index}`), " ", copyButton(`the link to iteration ${row.index}`, addressOf(row.index))));
  return parts;
}

// A call with what was different from the last one of the same tool.
function calledWith({ effect }) {
  const [call, changed] = report.effect_texts[effect];
  return element("span", {}, element("span", { class: "mono" }, call), ...(changed ? [element("span", { class: "changed" }, changed)] : []));
}

function effectSummary(row) {
  const [call, changed] = report.effect_texts[row.effect];
  const failed = row.error_class ? `${row.error_class}: ${row.error ?? ""}` : "";
  const more = [row.reconciled_by ? `reconciled by ${row.reconciled_by}` : "", failed || changed].filter(Boolean).join(" · ");
  return [
    pill(row.state, TONES[row.state] ?? "going"),
    element("span", { class: "title mono" }, call),
    element("span", { class: "title quiet args" }, more),
    element("span", { class: "quiet" }, row.duration_s === undefined ? "" : lasting(row.duration_s)),
  ];
}

function effectDetail(row) {
  const back = element("button", { type: "button" }, `Iteration ${row.iteration}`);
  back.addEventListener("click", () => openIteration(row.iteration));
  const parts = [
    terms([["Effect", row.effect], ["Class", row.class], ["Purpose", PURPOSES[row.purpose] ?? row.purpose], ["Intended", when(row.intended_at)], ["Settled", row.settled_at ? when(row.settled_at) : "not yet"], ["Tries", row.tries], ["Result", row.result_bytes === undefined ? "" : `${row.result_bytes.toLocaleString("en")} bytes`]]),
    block("Arguments", row.args, "the arguments"),
  ];
  const [, changed] = report.effect_texts[row.effect];
  if (changed) parts.push(terms([["Different from the call before", changed]]));
  if (row.error_class) parts.push(block(`Error: ${row.error_class}`, row.error ?? ""));
  if (row.reconciled_by) parts.push(terms([["Reconciled by", row.reconciled_by], ["At", when(row.reconciled_at)], ["Note", row.note]]));
  if (row.value !== undefined && row.value !== null) parts.push(block("Result", row.value));
  if (report.iterations.some(({ index }) => index === row.iteration)) parts.push(element("p", {}, back));
  return parts;
}

let effectState = "";
let pressState = () => {};

function effectStates() {
  const states = Object.entries(report.effects_by_state);
  const all = states.reduce((sum, [, many]) => sum + many, 0);
  const reconciled = report.effects.filter(({ reconciled_by }) => reconciled_by).length;
  if (reconciled) states.push(["reconciled", reconciled]);
  const buttons = [["", `all ${all.toLocaleString("en")}`], ...states.map(([state, many]) => [state, `${state} ${many.toLocaleString("en")}`])].map(([state, label]) => {
    const made = element("button", { type: "button", "data-state": state }, label);
    made.addEventListener("click", () => pressState(state));
    return made;
  });
  pressState = (state) => {
    effectState = state;
    for (const made of buttons) made.setAttribute("aria-pressed", String(made.dataset.state === state));
    lists.effects?.refilter();
  };
  pressState("");
  return element("div", { class: "states", role: "group", "aria-label": "Effects in state" }, ...buttons);
}

function verdictFilter() {
  const kinds = [...new Set(report.iterations.map(({ verdict }) => verdict).filter(Boolean))].sort();
  const chooser = element("select", { id: "verdict-filter" }, element("option", { value: "" }, "every verdict"), ...kinds.map((kind) => element("option", { value: kind }, kind)));
  chooser.addEventListener("change", () => lists.iterations.refilter());
  return [element("label", { for: "verdict-filter" }, "Verdict"), chooser];
}

function fillLists() {
  if (report.iterations.length) {
    unhide("iterations");
    const controls = verdictFilter();
    lists.iterations = pagedList($("iterations"), {
      rows: report.iterations, leftOut: report.left_out.iterations, what: "iterations", idOf: ({ index }) => `iteration-${index}`,
      summarize: iterationSummary, detail: iterationDetail, controls, accepts: ({ verdict }) => !controls[1].value || verdict === controls[1].value, prints: () => true,
    });
  }
  if (report.effects.length) {
    unhide("effects");
    lists.effects = pagedList($("effects"), {
      rows: report.effects, leftOut: report.left_out.effects, what: "effects", idOf: ({ effect }) => `effect-${effect}`,
      summarize: effectSummary, detail: effectDetail, controls: [effectStates()], accepts: ({ state, reconciled_by }) => !effectState || state === effectState || (effectState === "reconciled" && Boolean(reconciled_by)),
      prints: ({ state, reconciled_by }) => state !== "done" || Boolean(reconciled_by),
    });
  }
  if (!Object.keys(lists).length) return;
  $("finder").hidden = false;
  let soon = 0;
  $("find").addEventListener("input", () => {
    clearTimeout(soon);
    soon = setTimeout(find, report.iterations.length > 1000 ? 200 : 0);
  });
  $("find").addEventListener("change", showFirst);
}

function find() {
  for (const list of Object.values(lists)) list.search($("find").value);
  // On a phone the field does not stay in sight: there the page moves once the reader is through with typing.
  if (getComputedStyle($("finder")).position === "sticky") showFirst();
}

function showFirst() {
  const first = Object.values(lists).map((list) => list.first).find(Boolean);
  if (first && $("find").value.trim()) first.scrollIntoView({ block: "start", behavior: "instant" });
}

const effectsOf = new Map();
for (const effect of report.effects) {
  if (!effectsOf.has(effect.iteration)) effectsOf.set(effect.iteration, []);
  effectsOf.get(effect.iteration).push(effect);
}
const lanes = new Map([...effectsOf].map(([index, effects]) => [index, lane(effects)]).filter(([, { span }]) => span > 0));
const longestLane = [...lanes.values()].reduce((most, { span }) => Math.max(most, span), 0);

if (report.overview.columns.length > 1) strip($("overview"), report.overview, aborts, openIteration);
burnDown();
metricCharts();
fillLists();
fillCopyButtons();
window.addEventListener("beforeprint", () => { for (const list of Object.values(lists)) list.print(true); });
window.addEventListener("afterprint", () => { for (const list of Object.values(lists)) list.print(false); });
window.addEventListener("hashchange", openFromAddress);
openFromAddress();
