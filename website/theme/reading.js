// What the theme leaves out for people who use dark mode, a keyboard or a screen reader.

// The page is dark where the system is, as the pictures are.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.body.setAttribute("data-md-color-scheme", dark.matches ? "slate" : "default");

// What scrolls can be reached by keyboard, the buttons of each block have a name of their own, and a switch that is not shown is none.
const mend = () => {
  for (const one of document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset pre > code")) {
    if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
    else one.removeAttribute("tabindex");
  }
  document.querySelectorAll("nav.md-code__nav").forEach((one, index) => one.setAttribute("aria-label", `Block ${index + 1}`));
  for (const one of document.querySelectorAll("input.md-option")) one.disabled = true;
};

dark.addEventListener("change", follow);
addEventListener("resize", mend);
new MutationObserver(mend).observe(document.body, { childList: true, subtree: true });
follow();
mend();
