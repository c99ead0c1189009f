// The QR code of the bedside check: in a dialog over the page that it was asked for on. Without
// script the link opens it as a page of its own, which is also what is printed.
"use strict";

(() => {
  const print = document.getElementById("print");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }

  const dialog = document.getElementById("qr");
  if (!dialog) return;

  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("[data-act=qr]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    try {
      const answer = await fetch(link.href);
      if (!answer.ok) { location.assign(link.href); return; }
      const sent = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.getElementById("qr-sheet").replaceChildren(...sent.getElementById("sheet").childNodes);
      document.getElementById("qr-print").href = link.href;
      dialog.showModal();
    } catch {
      location.assign(link.href);
    }
  });
})();
