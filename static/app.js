// What htmx needs of us: polls rest while the tab is hidden, catch up when it is seen again, and stop once signed out.
(() => {
  "use strict";
  const isPoll = (element) => element instanceof Element && element.hasAttribute("data-poll");

  document.addEventListener("htmx:before:request", (event) => {
    const source = event.detail?.ctx?.sourceElement ?? event.target;
    if (document.hidden && isPoll(source)) event.preventDefault();
  });

  document.addEventListener("visibilitychange", () => {
    if (document.hidden || !window.htmx) return;
    for (const element of document.querySelectorAll("[data-poll]")) window.htmx.trigger(element, "every");
  });

  // What a reader opened inside a live part stays open when that part changes.
  const opened = new Set();
  document.addEventListener("click", (event) => {
    const details = event.target.closest?.("summary")?.parentElement;
    if (details?.id) opened[details.open ? "delete" : "add"](details.id);
  });

  // The title follows what a live part says of itself.
  document.addEventListener("htmx:after:swap", () => {
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    const title = document.querySelector("[data-title]")?.getAttribute("data-title");
    if (title) document.title = title;
  });

  // A chip takes the place of minutes that were typed.
  document.addEventListener("change", (event) => {
    const other = event.target.name === "minutes" && document.getElementById("other-minutes");
    if (other) other.value = "";
  });

  // An error summary takes the focus once the page is there.
  const summary = document.querySelector(".error-summary");
  if (summary) summary.focus();

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    const source = button && document.getElementById(button.getAttribute("data-copy"));
    if (!source) return;
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      const said = button.querySelector("[data-said]");
      if (said) said.textContent = "Copied";
    } catch {
      getSelection()?.selectAllChildren(source);
    }
  });
})();
