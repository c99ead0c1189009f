// The live list: fetches the rows that the stream says have changed, keeps focus and anything
// being filled in, and says so when the connection is lost. Works without: the page is complete
// on its own, this only keeps it fresh.
"use strict";

(() => {
  const list = document.getElementById("list");
  const live = document.getElementById("live");
  const said = document.getElementById("said");
  if (!list || !live) return;

  const ONLY_MAX = 40;
  const title = document.title;
  const clock = new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit", minute: "2-digit", timeZone: live.dataset.zone,
  });
  const rows = () => [...list.querySelectorAll("li[data-key]")];
  const rowOf = (key) => list.querySelector(`li[data-key="${CSS.escape(key)}"]`);
  const current = () => document.activeElement?.closest?.("li[data-key]");

  const show = (state, words) => {
    if (live.dataset.state === state && live.textContent === words) return;
    live.dataset.state = state;
    live.textContent = words;
  };
  const fresh = () => show("live", `live ${clock.format(new Date())}`);
  const lost = () => show("lost", "not connected: the list may be out of date");

  // --- the rows

  let busy = false;
  let behind = false; // a fetch failed: the rows are older than the stream, and not called live
  let wanted = null; // null: nothing; "all"; or a set of keys

  function want(keys) {
    if (keys === "all" || wanted === "all") wanted = "all";
    else wanted = new Set([...(wanted ?? []), ...keys]);
    if (!busy) run();
  }

  async function run() {
    busy = true;
    while (wanted !== null) {
      const asked = wanted;
      wanted = null;
      const few = !behind && asked !== "all" && asked.size && asked.size <= ONLY_MAX;
      behind = !(await refresh(few ? [...asked] : null));
      if (behind) break;
    }
    busy = false;
  }

  async function refresh(only) {
    const query = new URLSearchParams(location.search);
    for (const name of ["done", "on"]) query.delete(name);
    if (only) query.set("only", only.join(","));
    let answer;
    let text;
    try {
      answer = await fetch(`/worklist/rows?${query}`, { headers: { accept: "text/html" } });
      text = await answer.text();
    } catch {
      lost();
      return false;
    }
    if (answer.status === 401) { location.reload(); return false; }
    if (!answer.ok) { show("lost", "the list could not be read: it may be out of date"); return false; }
    performance.mark("rows-in");
    take(new DOMParser().parseFromString(text, "text/html"));
    performance.measure("rows-shown", "rows-in");
    fresh();
    return true;
  }

  function take(page) {
    const box = list.querySelector("ol.rows");
    const sent = page.querySelector("ol.rows");
    const held = current()?.dataset.key;
    const inner = held && document.activeElement.dataset.act;
    document.getElementById("feed").replaceWith(page.getElementById("feed"));
    const incoming = new Map([...sent.children].map((row) => [row.dataset.key, row]));
    tick(page); // so that a row in which only seconds have passed is no other row
    const order = sent.dataset.order ? sent.dataset.order.split(" ") : [];
    const known = new Map(rows().map((row) => [row.dataset.key, row]));
    let changed = 0;
    let at = box.firstElementChild;
    for (const key of order) {
      let row = incoming.get(key);
      const old = known.get(key);
      // what was unfolded stays unfolded
      if (row && old?.querySelector("details[open]")) row.querySelector("details")?.setAttribute("open", "");
      if (row && old && old.outerHTML === row.outerHTML) row = old;
      if (!row) row = old;
      if (!row) { want("all"); continue; }
      if (row !== old) {
        changed += 1;
        if (old) { if (at === old) at = old.nextElementSibling; old.remove(); }
      }
      if (at === row) at = at.nextElementSibling;
      else box.insertBefore(row, at);
      known.delete(key);
    }
    for (const [key, row] of known) if (!order.includes(key)) { row.remove(); changed += 1; }
    box.hidden = order.length === 0;
    if (held) {
      const row = rowOf(held);
      const again = inner ? row?.querySelector(`[data-act="${inner}"]`) : null;
      (again ?? row?.querySelector("article"))?.focus();
    }
    if (changed && said) said.textContent = `${changed} changed on the list`;
    ring();
    tick();
  }

  // --- attention: the title counts critical alerts that nobody has; a sound when one is new

  const sound = document.getElementById("sound");
  let heard = null;

  function ring() {
    const loud = rows().filter((row) => "loud" in row.dataset).map((row) => row.dataset.key);
    document.title = loud.length ? `(${loud.length}) ${title}` : title;
    const isNew = heard && loud.some((key) => !heard.has(key));
    heard = new Set(loud);
    if (isNew && sound?.checked) beep();
  }

  function beep() {
    const audio = new AudioContext();
    const tone = audio.createOscillator();
    const gain = audio.createGain();
    gain.gain.value = 0.2;
    tone.frequency.value = 880;
    tone.connect(gain).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.35);
    tone.onended = () => audio.close();
  }

  if (sound) {
    try { sound.checked = localStorage.getItem("sound") === "1"; } catch { /* no storage: off */ }
    sound.addEventListener("change", () => {
      try { localStorage.setItem("sound", sound.checked ? "1" : "0"); } catch { /* this page only */ }
      if (sound.checked) beep(); // also: the browser allows sound after a gesture
    });
  }

  // --- timers of what nobody has

  const two = (n) => String(n).padStart(2, "0");
  function tick(within = list) {
    for (const timer of within.querySelectorAll("time.timer")) {
      const s = Math.max(0, Math.floor((Date.now() - Date.parse(timer.dataset.since)) / 1000));
      const words = s < 3600 ? `${two(Math.floor(s / 60))}:${two(s % 60)}`
        : s < 172800 ? `${Math.floor(s / 3600)} h ${two(Math.floor(s / 60) % 60)}`
        : `${Math.floor(s / 86400)} d`;
      if (timer.textContent !== words) timer.textContent = words;
    }
  }
  setInterval(() => tick(), 1000);

  // --- the stream

  const stream = new EventSource(`/worklist/stream?since=${list.dataset.cursor}${
    new URLSearchParams(location.search).get("tenant")
      ? `&tenant=${encodeURIComponent(new URLSearchParams(location.search).get("tenant"))}` : ""}`);
  const beat = () => { if (behind) want("all"); else fresh(); };
  stream.addEventListener("open", beat);
  stream.addEventListener("changes", (event) => {
    list.dataset.cursor = event.lastEventId;
    const keys = JSON.parse(event.data).alerts;
    want(keys.length ? keys : "all");
  });
  stream.addEventListener("beat", beat);
  stream.addEventListener("error", lost);
  setInterval(() => want("all"), 60000); // ages grow although nothing changes

  // --- keys and the dialog

  const more = document.getElementById("more");

  // `link`: of a row, or of an interaction that is folded under it
  function openMore(row, link = row?.querySelector(".row > .actions [data-act=more]")) {
    if (!link || !more) return;
    const key = link.closest("[data-part]")?.dataset.part ?? row.dataset.key;
    document.getElementById("more-row").textContent =
      `${document.getElementById(`h-${key}`).textContent} · ${row.querySelector(".person").textContent}`;
    for (const form of more.querySelectorAll("[data-form]")) {
      form.action = `/worklist/${key}/${form.dataset.form}`;
    }
    more.showModal();
    more.querySelector("select")?.focus();
  }

  list.addEventListener("click", (event) => {
    const link = event.target.closest("[data-act=more]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    openMore(link.closest("li[data-key]"), link);
  });

  function move(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(current());
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step;
    const row = all[Math.max(0, Math.min(all.length - 1, next))].querySelector("article");
    row.focus();
    row.scrollIntoView({ block: "nearest" });
  }

  const press = (act) => (row) => row?.querySelector(`[data-act=${act}]`)?.click();
  const acts = {
    j: () => move(1),
    k: () => move(-1),
    c: press("claim"),
    s: (row) => openMore(row),
    b: press("check"),
    q: press("qr"),
    o: (row) => row?.querySelector(".folded > summary")?.click(),
    Enter: press("open"),
    "?": () => document.getElementById("keys")?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const on = event.target;
    if (on.matches("input, select, textarea")) return;
    if (event.key === "Enter" && on.matches("a, button, summary")) return;
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act(current());
  });

  ring();
  tick();
})();
