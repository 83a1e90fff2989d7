// Small helps on top of pages that work without them.
(() => {
  "use strict";

  // The error summary is what the reader needs first.
  const summary = document.querySelector("[data-error-summary]");
  if (summary) summary.focus();

  // Words left, counted as the server counts them: runs between white space.
  for (const area of document.querySelectorAll("[data-words]")) {
    const note = document.getElementById(`${area.id}-words`);
    if (!note) continue;
    const limit = Number(area.dataset.words);
    const spoken = document.createElement("span");
    spoken.className = "visually-hidden";
    spoken.setAttribute("aria-live", "polite");
    note.after(spoken);
    let wait;
    const count = () => {
      const used = area.value.trim() ? area.value.trim().split(/\s+/u).length : 0;
      const left = limit - used;
      const words = left < 0 ? note.dataset.wordsOver : note.dataset.wordsLeft;
      note.textContent = words.replace("{n}", new Intl.NumberFormat(document.documentElement.lang).format(Math.abs(left)));
      note.classList.toggle("is-over", left < 0);
      clearTimeout(wait);
      wait = setTimeout(() => { spoken.textContent = note.textContent; }, 1000);
    };
    area.addEventListener("input", count);
    count();
    clearTimeout(wait);
  }

  // A form marked data-once is sent once; the buttons come back when the page is shown again.
  const sent = new WeakSet();
  const release = (form) => {
    sent.delete(form);
    for (const button of form.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]")) return;
    if (sent.has(form)) {
      event.preventDefault();
      return;
    }
    sent.add(form);
    // After the event, so that the pressed button's name and value are still sent.
    setTimeout(() => {
      for (const button of form.querySelectorAll("button[type=submit], button:not([type])")) button.setAttribute("aria-disabled", "true");
    });
    // An answer that is a file leaves the page standing.
    setTimeout(() => release(form), 8000);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-once]").forEach(release));

  // Copy buttons exist only where the clipboard does.
  if (navigator.clipboard) {
    for (const code of document.querySelectorAll("[data-copy]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button button-quiet button-small";
      button.textContent = code.dataset.copyWord;
      button.setAttribute("aria-live", "polite");
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(code.dataset.copy);
        button.textContent = code.dataset.copiedWord;
        setTimeout(() => { button.textContent = code.dataset.copyWord; }, 2000);
      });
      code.after(" ", button);
    }
  }

  // An open menu closes on Escape and when one clicks beside it.
  for (const menu of document.querySelectorAll(".mast-menu")) {
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.open) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    });
    document.addEventListener("click", (event) => {
      if (menu.open && !menu.contains(event.target)) menu.open = false;
    });
  }
})();
