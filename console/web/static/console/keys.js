// Keyboard shortcuts (see the page "help"). Each one does what a link or a button on the page does.
"use strict";

// Fold unused filters: they would fill the screen of a phone.
if (matchMedia("(max-width: 60rem)").matches) document.querySelectorAll("details[data-folds]").forEach((it) => { it.open = false; });

document.addEventListener("keydown", (event) => {
  if (document.body.dataset.keys !== "on" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, [contenteditable]")) return;
  // A row opens its marked link, else its first one.
  const link = (row) => row.querySelector("a.go") ?? row.querySelector("a");
  const rows = [...document.querySelectorAll("tr.entity, .sheet > li")].filter(link);
  const at = rows.findIndex((row) => row.classList.contains("at"));
  const go = (to) => {
    if (!rows[to]) return;
    rows.forEach((row) => row.classList.remove("at"));
    rows[to].classList.add("at");
    link(rows[to]).focus();
  };
  const open = (name) => {
    const choice = document.getElementById(name);
    if (!choice) return;
    choice.open = true;
    choice.querySelector("select").focus();
  };
  const does = {
    j: () => go(at + 1),
    k: () => go(Math.max(at - 1, 0)),
    x: () => rows[at]?.querySelector("input[type=checkbox]")?.click(),
    i: () => open("visit"),
    f: () => open("defer"),
    d: () => open("dismiss"),
    n: () => document.querySelector("[data-key=n]")?.click(),
    u: () => document.querySelector("[data-key=u]")?.focus(),
    "/": () => document.getElementById("q")?.focus(),
    "?": () => { location.href = document.querySelector(".who a").href; },
  };
  if (!does[event.key]) return;
  event.preventDefault();
  does[event.key]();
});
