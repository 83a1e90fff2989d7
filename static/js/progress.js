// Follows a running job: asks its address every 2 s and writes the answer {value, max, text, done} into the page.
(() => {
  "use strict";
  const EVERY = 2000;
  for (const box of document.querySelectorAll("[data-progress-url]")) {
    const meter = box.querySelector("progress");
    const text = box.querySelector("[data-progress-text]");
    const again = box.querySelector(".progress-again");
    let misses = 0;
    const look = async () => {
      try {
        const answer = await fetch(box.dataset.progressUrl, { headers: { Accept: "application/json" }, cache: "no-store" });
        if (!answer.ok) throw new Error(String(answer.status));
        const state = await answer.json();
        misses = 0;
        meter.max = Math.max(state.max, 1);
        meter.value = state.value;
        if (text.textContent !== state.text) text.textContent = state.text;
        if (state.done) {
          if (box.dataset.doneUrl) location.assign(box.dataset.doneUrl);
          else location.reload();
          return;
        }
      } catch {
        misses += 1;
        if (misses >= 5) {
          if (again) again.hidden = false;
          return;
        }
      }
      setTimeout(look, EVERY * (misses + 1));
    };
    if (again) again.hidden = true;
    setTimeout(look, EVERY);
  }
})();
