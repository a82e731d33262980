// The criteria over all iterations as a strip of cells: colour is the status, strength the progress.

const PURPOSES = { call: "part of the strategy", probe: "probe: fetches evidence", refresh: "repeats a look that became stale", context: "context: no evidence" };
const TONES = { met: "good", unmet: "bad", inconclusive: "unsure", complete: "good", terminate: "bad", adjust: "warn", done: "good", failed: "bad", unknown: "unsure", intended: "going" };

// The word and the tone of a criterion's status: an abort condition that is met has struck.
function statusOf({ id, status }, aborts) {
  const word = aborts.has(id) ? { met: "struck", unmet: "clear" }[status] ?? status : status;
  return [word, { struck: "bad", clear: "good" }[word] ?? TONES[word] ?? "going"];
}

function strip(figure, { columns, criteria }, aborts, jump) {
  figure.hidden = false;
  const readout = element("p", { class: "readout", role: "status" });
  const plot = shape("svg", { class: "plot", role: "img", tabindex: "0" });
  plot.setAttribute("aria-label", `How ${criteria.length} criteria stood over ${columns.at(-1).to + 1} iterations. Arrow keys read single columns, Enter opens the iteration.`);
  figure.append(
    element("figcaption", {}, "Criteria over iterations ", element("small", {}, "strength of colour is progress; choose a column to open its iteration")),
    element("ul", { class: "legend" }, ...Object.entries({ met: "met, or an abort condition that is clear", unmet: "unmet, or an abort condition that struck", inconclusive: "inconclusive" }).map(([status, words]) => element("li", {}, element("span", { class: `swatch ${TONES[status]}` }), words))),
    plot, readout,
  );
  const state = { at: null, width: 0 };
  const ring = shape("g");
  const place = { row: 22, left: 0, step: 0 };
  const draw = () => {
    const width = Math.round(plot.clientWidth || figure.clientWidth) || 600;
    if (width === state.width) return;
    state.width = width;
    drawStrip(plot, width, columns, criteria, aborts, place);
    plot.append(ring);
  };
  draw();
  new ResizeObserver(draw).observe(figure);
  const show = (index) => {
    state.at = Math.max(0, Math.min(columns.length - 1, index));
    const { from, to, criteria: told } = columns[state.at];
    ring.replaceChildren(shape("rect", { class: "ring", x: place.left + state.at * place.step, y: 1, width: place.step, height: criteria.length * place.row }));
    const words = criteria.filter((name) => told[name]).map((name) => {
      const [word] = statusOf({ id: name, status: told[name][0] }, aborts);
      return aborts.has(name) ? `${name} ${word}` : `${name} ${word} ${Math.round(told[name][1] * 100)} %`;
    });
    readout.textContent = `${from === to ? `iteration ${from}` : `iterations ${from} to ${to}`}: ${words.join(" · ")}`;
  };
  const follow = (event) => {
    const box = plot.getBoundingClientRect();
    show(Math.floor((((event.clientX - box.left) / box.width) * state.width - place.left) / place.step));
  };
  plot.addEventListener("pointermove", follow);
  plot.addEventListener("pointerdown", follow);
  plot.addEventListener("pointerleave", () => { ring.replaceChildren(); readout.textContent = ""; });
  plot.addEventListener("click", () => { if (state.at !== null) jump(columns[state.at].to); });
  plot.addEventListener("keydown", (event) => {
    if ((event.key === "Enter" || event.key === " ") && state.at !== null) {
      event.preventDefault(); // or the key would shut the row again to which the focus moves
      jump(columns[state.at].to);
    }
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    show(state.at === null ? (step > 0 ? 0 : columns.length - 1) : state.at + step);
  });
}

function drawStrip(plot, width, columns, criteria, aborts, place) {
  const longest = Math.max(...criteria.map((name) => name.length));
  const letters = Math.min(longest, Math.max(8, Math.floor(width / 36)));
  place.left = letters * 7.2 + 10;
  place.step = Math.max(1, Math.min(44, (width - place.left) / columns.length));
  plot.setAttribute("viewBox", `0 0 ${width} ${criteria.length * place.row + 22}`);
  plot.replaceChildren();
  criteria.forEach((name, row) => {
    const label = name.length > letters ? `${name.slice(0, letters - 1)}…` : name;
    plot.append(shape("text", { x: 0, y: row * place.row + 15 }, label));
    columns.forEach(({ criteria: told }, column) => {
      if (!told[name]) return;
      const [status, progress] = told[name];
      const colour = aborts.has(name) ? { met: "unmet", unmet: "met" }[status] ?? status : status;
      const strength = colour === "met" ? 1 : aborts.has(name) ? 0.9 : 0.18 + 0.6 * progress;
      plot.append(shape("rect", { class: `cell ${colour}`, x: place.left + column * place.step, y: row * place.row + 2, width: place.step, height: place.row - 4, "fill-opacity": strength.toFixed(2), rx: place.step > 8 ? 3 : 0 }));
    });
  });
  const foot = criteria.length * place.row + 16;
  plot.append(shape("text", { x: place.left, y: foot }, String(columns[0].from)));
  if (columns.length > 4) plot.append(shape("text", { x: place.left + columns.length * place.step, y: foot, "text-anchor": "end" }, `iteration ${columns.at(-1).to}`));
}
