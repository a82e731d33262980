// Links to one iteration, and buttons that copy what a reader takes elsewhere.

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = element("textarea", { class: "off-screen", "aria-hidden": "true", tabindex: "-1" });
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

// `what` names it for people; `text` is copied.
function copyButton(what, text) {
  const made = element("button", { type: "button", class: "copy", "aria-label": `Copy ${what}` }, "Copy");
  const said = element("span", { class: "said", role: "status" });
  made.addEventListener("click", async () => {
    said.textContent = (await copied(text)) ? "copied" : "your browser does not let this page copy";
    setTimeout(() => { said.textContent = ""; }, 2000);
  });
  return element("span", { class: "copying" }, made, said);
}

function addressOf(index) {
  return `${location.href.replace(/#.*$/, "")}#iteration-${index}`;
}

// What stands on the page without JavaScript, too, gets its buttons here.
function fillCopyButtons(within = document) {
  for (const place of within.querySelectorAll("[data-copy]")) {
    const text = place.dataset.copyText ?? place.textContent;
    place.after(copyButton(place.dataset.copy, text));
  }
}
