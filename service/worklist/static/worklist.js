// The live list: refetches the rows when the stream says that something changed, keeps focus
// and anything being filled in, and says so when the connection is lost. Works without: the
// page is complete on its own, this only keeps it fresh.
"use strict";

(() => {
  const list = document.getElementById("list");
  const live = document.getElementById("live");
  const said = document.getElementById("said");
  if (!list || !live) return;

  const clock = new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit", minute: "2-digit", timeZone: live.dataset.zone,
  });
  let waiting = false;

  const show = (state, words) => {
    if (live.dataset.state === state && live.textContent === words) return;
    live.dataset.state = state;
    live.textContent = words;
  };

  const busy = () =>
    list.querySelector("details[open]") !== null || list.contains(document.activeElement) &&
    document.activeElement.matches("input, select, textarea");

  async function refresh(loud) {
    if (busy()) { waiting = true; return; }
    waiting = false;
    const held = document.activeElement?.closest("[data-key]")?.dataset.key;
    const before = new Map([...list.querySelectorAll("[data-key]")].map(
      (row) => [row.dataset.key, row.dataset.revision]));
    let answer;
    try {
      answer = await fetch("/worklist/rows" + location.search, { headers: { accept: "text/html" } });
    } catch {
      show("lost", "not connected: the list may be out of date");
      return;
    }
    if (answer.status === 401) { location.reload(); return; }
    if (!answer.ok) { show("lost", "the list could not be read: it may be out of date"); return; }
    list.innerHTML = await answer.text();
    let changed = 0;
    for (const row of list.querySelectorAll("[data-key]")) {
      if (before.get(row.dataset.key) === row.dataset.revision) continue;
      changed += 1;
      row.querySelector("[data-fresh]")?.removeAttribute("hidden");
    }
    if (held) list.querySelector(`[data-key="${CSS.escape(held)}"]`)?.focus();
    if (loud && changed && said) said.textContent = `${changed} changed on the list`;
    show("live", `live ${clock.format(new Date())}`);
  }

  const stream = new EventSource(`/worklist/stream?since=${list.dataset.cursor}`);
  stream.addEventListener("open", () => show("live", `live ${clock.format(new Date())}`));
  stream.addEventListener("changes", () => refresh(true));
  stream.addEventListener("beat", () => {
    if (waiting) refresh(true); else show("live", `live ${clock.format(new Date())}`);
  });
  stream.addEventListener("error", () =>
    show("lost", "not connected: the list may be out of date"));
  list.addEventListener("toggle", () => { if (waiting) refresh(true); }, true);
  setInterval(() => refresh(false), 60000); // ages grow although nothing changes

  const rows = () => [...list.querySelectorAll("[data-key]")];
  const current = () => document.activeElement?.closest?.("[data-key]");

  function move(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(current());
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step;
    const row = all[Math.max(0, Math.min(all.length - 1, next))];
    row.focus();
    row.scrollIntoView({ block: "nearest" });
  }

  const acts = {
    j: () => move(1),
    k: () => move(-1),
    c: (row) => row?.querySelector("[data-act=claim]")?.click(),
    s: (row) => {
      const part = row?.querySelector("[data-act=snooze]");
      if (!part) return;
      part.open = true;
      part.querySelector("select")?.focus();
    },
    Enter: (row) => row?.querySelector("[data-act=open]")?.click(),
    "?": () => document.getElementById("keys")?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const on = event.target;
    if (event.key === "Escape") {
      const part = on.closest?.("details[open]");
      if (part) { part.open = false; part.closest("[data-key]")?.focus(); }
      return;
    }
    if (on.matches("input, select, textarea")) return;
    if (event.key === "Enter" && on.matches("a, button, summary")) return;
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act(current());
  });
})();
