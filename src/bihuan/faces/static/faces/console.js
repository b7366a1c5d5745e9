// The keyboard of the console: each element with data-key is pressed by its key. Switched off, nothing listens (WCAG 2.1.4).
"use strict";
(() => {
  const on = document.querySelector("#keys-on");
  if (on) {
    on.checked = localStorage.getItem("keys") !== "off";
    on.addEventListener("change", () => localStorage.setItem("keys", on.checked ? "on" : "off"));
  }
  const typing = "input:not([type=checkbox], [type=radio]), select, textarea";
  const open = (element) => {
    for (let box = element.closest("details:not([open])"); box; box = box.parentElement.closest("details:not([open])")) box.open = true;
  };
  const press = (element) => {
    open(element);
    if (element.matches("summary")) {
      element.parentElement.querySelector("form")?.querySelector(`${typing.replace("input:not(", "input:not([type=hidden], ")}, button`)?.focus();
    } else if (element.matches(typing)) {
      element.focus();
    } else {
      element.click();
    }
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.matches(typing)) event.target.blur();
    if ((on && !on.checked) || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    if (event.target.matches(typing)) return;
    const element = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (element) {
      event.preventDefault();
      press(element);
    }
  });
  const all = document.querySelector("#pick-all");
  if (all) {
    all.closest("[hidden]")?.removeAttribute("hidden");
    all.addEventListener("change", () => {
      for (const box of document.querySelectorAll("input[name=case]")) box.checked = all.checked;
    });
  }
})();
