// Small drawing tools and line charts. Text from tools goes in through textContent alone.

const SVG = document.querySelector("svg.icon").namespaceURI;

function element(name, attributes = {}, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(key, value);
  made.append(...content);
  return made;
}

function shape(name, attributes = {}, label = null) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (label !== null) made.textContent = label;
  return made;
}

function number(value) {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) return value.toExponential(2).replace("e+", "e");
  return value.toLocaleString("en", { maximumSignificantDigits: size >= 1000 ? 7 : 4 });
}

// Round steps of 1, 2 or 5 times a power of ten, about as many as asked for.
function ticks(low, high, wanted) {
  const span = high - low || 1;
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + span * 1e-9 && found.length < 50; at += 1) found.push(at * step || 0);
  return found;
}

// A target far away from every point would press the line flat: it is told in words instead.
function heights(series, targets, fixed) {
  if (fixed) return { low: fixed[0], high: fixed[1], shown: targets };
  let low = Infinity, high = -Infinity;
  for (const { points } of series) for (const [, y] of points) { low = Math.min(low, y); high = Math.max(high, y); }
  const span = high - low || Math.max(Math.abs(high), ...targets.map(({ value }) => Math.abs(value))) || 1;
  const shown = targets.filter(({ value }) => value >= low - 2 * span && value <= high + 2 * span);
  for (const { value } of shown) { low = Math.min(low, value); high = Math.max(high, value); }
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  return { low: low >= 0 && low - room < 0 ? 0 : low - room, high: high + room, shown };
}

function described({ name, points }, tell) {
  let low = points[0][1], high = low;
  for (const [, y] of points) { low = Math.min(low, y); high = Math.max(high, y); }
  return `${name} from ${tell(points[0][1])} to ${tell(points.at(-1)[1])}, lowest ${tell(low)}, highest ${tell(high)}`;
}

// Draws lines over iterations, or what `along` names, into a figure. `series`: [{name, points: [[iteration, value], …]}];
// `targets`: [{value, label, bad}]; `tell` words a value; `fixed` sets the lowest and highest value shown.
function chart(figure, { title, note = "", series, targets = [], tell = number, fixed = null, yLabel = "", along = "iteration" }) {
  figure.hidden = false;
  const plot = shape("svg", { class: "plot", role: "img", tabindex: "0" });
  const readout = element("p", { class: "readout", role: "status" });
  figure.append(element("figcaption", {}, title, " ", element("small", {}, note)));
  if (series.length > 1) figure.append(legend(series));
  figure.append(plot, readout);
  const goals = targets.map(({ label }) => `; target ${label}`).join("");
  plot.setAttribute("aria-label", `${title} over ${along}s: ${series.map((one) => described(one, tell)).join("; ")}${goals}. Arrow keys read single values.`);
  const state = { plot, readout, series, tell, along, marks: shape("g"), at: null, x: null, y: null };
  let width = 0;
  const draw = () => {
    const now = Math.round(plot.clientWidth || figure.clientWidth) || 600;
    if (now !== width) drawLines(state, (width = now), heights(series, targets, fixed), yLabel);
  };
  draw();
  new ResizeObserver(draw).observe(figure);
  followPointer(state);
}

function legend(series) {
  return element("ul", { class: "legend" }, ...series.map(({ name }, at) => {
    const swatch = shape("svg", { viewBox: "0 0 26 8", "aria-hidden": "true" });
    swatch.append(shape("path", { class: `line c${at % 5}`, d: "M0 4H26" }));
    return element("li", {}, swatch, name);
  }));
}

function drawLines(state, width, { low, high, shown }, yLabel) {
  const { plot, series } = state;
  const height = 230, top = yLabel ? 22 : 10, bottom = 40;
  const rows = ticks(low, high, 4);
  const left = Math.max(...rows.map((row) => state.tell(row).length)) * 7 + 12;
  const first = Math.min(...series.map(({ points }) => points[0][0]));
  const last = Math.max(...series.map(({ points }) => points.at(-1)[0]), first + 1);
  const x = (at) => left + ((at - first) / (last - first)) * (width - left - 10);
  const y = (value) => top + (1 - (value - low) / (high - low)) * (height - top - bottom);
  Object.assign(state, { x, y, first, last, foot: height - bottom, top });
  plot.setAttribute("viewBox", `0 0 ${width} ${height}`);
  plot.replaceChildren();
  for (const row of rows) {
    plot.append(shape("line", { class: "grid", x1: left, x2: width - 10, y1: y(row), y2: y(row) }));
    plot.append(shape("text", { x: left - 7, y: y(row) + 4, "text-anchor": "end" }, state.tell(row)));
  }
  plot.append(shape("line", { class: "axis", x1: left, x2: width - 10, y1: height - bottom, y2: height - bottom }));
  for (const at of ticks(first, last, Math.max(2, Math.floor(width / 90))).filter(Number.isInteger)) {
    plot.append(shape("text", { x: x(at), y: height - bottom + 17, "text-anchor": "middle" }, String(at)));
  }
  plot.append(shape("text", { x: (left + width - 10) / 2, y: height - 5, "text-anchor": "middle" }, state.along));
  if (yLabel) plot.append(shape("text", { x: 0, y: 11 }, yLabel));
  for (const { value, label, bad } of shown) {
    const kind = bad ? " bad" : "";
    plot.append(shape("line", { class: `target${kind}`, x1: left, x2: width - 10, y1: y(value), y2: y(value) }));
    plot.append(shape("text", { class: `target-label${kind}`, x: left + 6, y: y(value) + (y(value) < top + 18 ? 15 : -6) }, label));
  }
  series.forEach(({ points }, at) => {
    const path = points.map(([px, py], step) => `${step ? "L" : "M"}${x(px).toFixed(1)} ${y(py).toFixed(1)}`).join("");
    plot.append(shape("path", { class: `line c${at % 5}`, d: path }));
    if (points.length <= 30 && series.length === 1) {
      for (const [px, py] of points) plot.append(shape("circle", { class: `dot c${at % 5}`, cx: x(px), cy: y(py), r: 3.2 }));
    }
  });
  plot.append(state.marks);
}

function nearest(points, at) {
  let low = 0, high = points.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle][0] < at) low = middle; else high = middle;
  }
  return Math.abs(points[low][0] - at) <= Math.abs(points[high][0] - at) ? low : high;
}

function followPointer(state) {
  const { plot, readout, series, marks } = state;
  const longest = series.reduce((one, other) => (other.points.length > one.points.length ? other : one)).points;
  const show = (index) => {
    state.at = Math.max(0, Math.min(longest.length - 1, index));
    const iteration = longest[state.at][0];
    marks.replaceChildren(shape("line", { class: "cursor", x1: state.x(iteration), x2: state.x(iteration), y1: state.top, y2: state.foot }));
    const told = series.map(({ name, points }, at) => {
      const [px, py] = points[nearest(points, iteration)];
      marks.append(shape("circle", { class: `dot c${at % 5}`, cx: state.x(px), cy: state.y(py), r: 4.5 }));
      return `${name} ${state.tell(py)}`;
    });
    readout.textContent = `${state.along} ${iteration}: ${told.join(" · ")}`;
  };
  const hide = () => { marks.replaceChildren(); readout.textContent = ""; state.at = null; };
  const follow = (event) => {
    const box = plot.getBoundingClientRect();
    const inside = ((event.clientX - box.left) / box.width) * plot.viewBox.baseVal.width;
    const from = state.x(state.first), to = state.x(state.last);
    show(nearest(longest, state.first + ((inside - from) / (to - from)) * (state.last - state.first)));
  };
  plot.addEventListener("pointermove", follow);
  plot.addEventListener("pointerdown", follow);
  plot.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") hide(); });
  plot.addEventListener("blur", hide);
  plot.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    show(state.at !== null || !Number.isFinite(step) ? state.at + step : step > 0 ? 0 : longest.length - 1);
  });
}
