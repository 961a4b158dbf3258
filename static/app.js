// What htmx lacks: polls pause while the tab is hidden, catch up when it is shown again, and stop once signed out.
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

  // Details that a reader opened inside a live part stay open when the part is replaced.
  const opened = new Set();
  document.addEventListener("click", (event) => {
    const details = event.target.closest?.("summary")?.parentElement;
    if (details?.id) opened[details.open ? "delete" : "add"](details.id);
  });

  // The title follows the title that a live part carries.
  document.addEventListener("htmx:after:swap", () => {
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    const title = document.querySelector("[data-title]")?.getAttribute("data-title");
    if (title) document.title = title;
  });

  // Choosing a chip clears the minutes that were typed.
  document.addEventListener("change", (event) => {
    const other = event.target.name === "minutes" && document.getElementById("other-minutes");
    if (other) other.value = "";
  });

  // An error summary gets the focus once the page is loaded.
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
