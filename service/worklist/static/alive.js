// Says at most once a minute that somebody is there, so that a session in use does not end.
"use strict";

(() => {
  const csrf = document.querySelector("meta[name=csrf]")?.content;
  if (!csrf) return;
  let told = Date.now();
  const tell = () => {
    if (Date.now() - told < 60000) return;
    told = Date.now();
    fetch("/session/alive", { method: "POST", headers: { "x-csrf-token": csrf } }).catch(() => {});
  };
  for (const sign of ["keydown", "pointerdown", "wheel"]) {
    document.addEventListener(sign, tell, { passive: true });
  }
})();
