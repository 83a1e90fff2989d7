// Moves and ticks without leaving the place where one is; on a bad line a tick is sent until it has arrived.
(() => {
  "use strict";

  const EVERY = 10_000;
  const PAUSES = [1000, 3000, 5000, 10_000];
  const waiting = new Map();
  const wait = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

  const say = () => {
    const line = document.querySelector("[data-line]");
    if (!line) return;
    line.textContent = waiting.size ? line.dataset.waiting : "";
    line.className = waiting.size ? "ceremony-line" : "visually-hidden";
  };

  const send = async (address, options) => {
    const answer = await fetch(address, { cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(15_000), ...options });
    if (answer.status >= 500) throw new Error(String(answer.status));
    return { address: answer.url, fine: answer.ok, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
  };

  // Puts the answer into the page that stands; the button that was pressed, or its place, keeps the focus.
  const show = (page, focus) => {
    const next = page.querySelector("main");
    const here = document.querySelector("main");
    if (!next || !here) return false;
    here.replaceWith(document.adoptNode(next));
    say();
    const { button, id } = focus || {};
    const again = (button && document.querySelector(`button[value="${CSS.escape(button)}"]:not([disabled])`)) || (id && document.getElementById(id));
    if (again) {
      if (!again.matches("button, a")) again.tabIndex = -1;
      again.focus({ preventScroll: true });
    }
    return true;
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form[data-in-place]")) return;
    event.preventDefault();
    const button = event.submitter;
    const key = form.action + (button && button.value ? `#${button.value}` : "");
    if (waiting.has(key)) return;
    const focus = { button: button ? button.value : "", id: form.closest("[id^='award-']") ? form.closest("[id^='award-']").id : "" };
    const body = new URLSearchParams(new FormData(form, button));
    waiting.set(key, true);
    if (button) button.setAttribute("aria-disabled", "true");
    for (let tries = 0; ; tries += 1) {
      try {
        const { address, page } = await send(form.action, { method: "POST", body });
        waiting.delete(key);
        if (!show(page, focus)) location.assign(address);
        return;
      } catch {
        say();
        // A move that was sent twice would move twice; a tick may come as often as it likes.
        if (form.dataset.inPlace === "once") {
          waiting.delete(key);
          if (button) button.removeAttribute("aria-disabled");
          return;
        }
        await wait(PAUSES[Math.min(tries, PAUSES.length - 1)]);
      }
    }
  });

  // What others ticked, and the call on the stage, come by themselves.
  const ask = async () => {
    if (document.visibilityState === "hidden" || waiting.size) return;
    try {
      const { fine, page } = await send(location.href.split("#")[0], {});
      const next = page.querySelector("[data-live]");
      const here = document.querySelector("[data-live]");
      if (!fine || !next || !here || waiting.size) return;
      const held = here.contains(document.activeElement) ? document.activeElement : null;
      const place = held && held.closest("[id]") ? held.closest("[id]").id : "";
      const link = held ? held.getAttribute("href") : null;
      const action = held && held.form ? held.form.getAttribute("action") : null;
      here.replaceWith(document.adoptNode(next));
      const again = (link && next.querySelector(`a[href="${CSS.escape(link)}"]`))
        || (action && next.querySelector(`form[action="${CSS.escape(action)}"] button`))
        || (place && document.getElementById(place));
      if (again) {
        if (!again.matches("button, a")) again.tabIndex = -1;
        again.focus({ preventScroll: true });
      }
    } catch {
      // The next turn of the clock asks again.
    }
  };
  if (document.querySelector("[data-live]")) {
    setInterval(ask, EVERY);
    document.addEventListener("visibilitychange", ask);
  }
})();
