// Calls as bars over time: one lane an iteration, all of them to the same scale.

// Each call's beginning and length in seconds from the first one's beginning; a wait for a person before it does not count.
function lane(effects) {
  const known = effects.filter(({ intended_at }) => intended_at);
  const first = Math.min(...known.map(({ intended_at }) => Date.parse(intended_at)));
  const bars = known.map((effect) => {
    const start = (Date.parse(effect.intended_at) - first) / 1000;
    const settled = effect.settled_at ? (Date.parse(effect.settled_at) - Date.parse(effect.intended_at)) / 1000 : 0;
    return { effect, start, length: Math.max(0, effect.duration_s ?? settled) };
  });
  return { bars, span: Math.max(0, ...bars.map(({ start, length }) => start + length)) };
}

function callText({ tool, state }, length) {
  return `${tool} ${state === "done" ? "" : `${state} `}${lasting(length)}`;
}

function laneBars({ bars, span }, scale) {
  const shown = bars.slice(0, 200).map(({ effect, start, length }) => {
    const bar = element("span", { class: `call ${TONES[effect.state] === "good" ? "calm" : TONES[effect.state] ?? "going"}`, title: callText(effect, length) });
    bar.style.left = `min(${((100 * start) / scale).toFixed(2)}%, 100% - 3px)`; // the last one is seen, too, however short
    bar.style.width = `${((100 * length) / scale).toFixed(2)}%`;
    return bar;
  });
  const words = bars.slice(0, 8).map(({ effect, length }) => callText(effect, length)).join(", ");
  const more = bars.length > 8 ? ` and ${bars.length - 8} more` : "";
  return element("span", { class: "lane", role: "img", "aria-label": `${bars.length} call${bars.length === 1 ? "" : "s"} in ${lasting(span)}: ${words}${more}` }, ...shown);
}
