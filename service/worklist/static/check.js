// The bedside check on a weak network: what was marked is kept on this device until it has been
// sent, and sent once (the handle makes a second sending the same record). Without script the form
// is sent in the ordinary way.
"use strict";

(() => {
  const form = document.getElementById("check");
  const told = document.getElementById("told");
  if (told) follow(told);
  if (form) keep(form);

  // --- the answer: what the worker does with it comes a second later

  function follow(box) {
    let times = 0;
    const again = async () => {
      times += 1;
      try {
        const answer = await fetch(box.dataset.told);
        if (answer.ok) {
          const text = await answer.text();
          if (!box.contains(document.activeElement)) box.innerHTML = text;
        }
      } catch { /* the page stands as it is */ }
      if (times < 8) setTimeout(again, times < 4 ? 1000 : 5000);
      else for (const undo of box.querySelectorAll(".undo")) hideLater(undo);
    };
    setTimeout(again, 1000);
  }

  function hideLater(undo) {
    setTimeout(() => undo.remove(), Math.max(0, Date.parse(undo.dataset.until) - Date.now()));
  }

  // --- sending

  function keep(form) {
    const note = document.getElementById("kept");
    const shelf = `check:${location.pathname}`;
    const say = (words) => { note.textContent = words; note.hidden = !words; };
    const held = () => { try { return JSON.parse(localStorage.getItem(shelf)); } catch { return null; } };
    const put = (fields) => {
      try {
        if (fields) localStorage.setItem(shelf, JSON.stringify(fields));
        else localStorage.removeItem(shelf);
      } catch { /* no storage: it is sent at once or not at all */ }
    };
    let sending = false;

    async function send(fields) {
      if (sending) return;
      sending = true;
      try {
        const body = new URLSearchParams({ ...fields, csrf: form.csrf.value });
        const answer = await fetch(form.action, { method: "POST", body, signal: AbortSignal.timeout(20000) });
        if (answer.ok) {
          put(null);
          location.assign(answer.url);
          return;
        }
        if (answer.status === 401 || answer.status === 503 || answer.status === 429) {
          say(answer.status === 401
            ? "Not sent: please sign in again. It is kept on this device."
            : "Not sent yet: the service is busy. It is kept and sent again.");
        } else {
          put(null); // it would be refused again
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          say(`Not saved: ${page.querySelector("main p")?.textContent ?? answer.status}`);
        }
      } catch {
        say("No connection: kept on this device, sent as soon as there is one.");
      } finally {
        sending = false;
      }
    }

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      form.at.value = new Date().toISOString();
      const fields = Object.fromEntries(
        [...new FormData(form)].filter(([name, value]) => name !== "csrf" && value !== ""));
      put(fields);
      send(fields);
    });

    const waiting = held();
    if (waiting) {
      say("An examination of this patient is still to be sent.");
      send(waiting);
    }
    const again = () => { const fields = held(); if (fields) send(fields); };
    addEventListener("online", again);
    setInterval(again, 10000);
  }
})();
