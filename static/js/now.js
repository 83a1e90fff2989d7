// A screen in a hall: the clock goes, the page is asked for again each minute, and says when the network is gone.
(() => {
  "use strict";

  const EVERY = 60_000;
  let fresh = null;

  const written = (zone, moment) => new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  }).format(moment);

  const tick = () => {
    const clock = document.querySelector("[data-clock]");
    if (clock) clock.textContent = written(clock.dataset.clock, new Date());
  };

  const say = (online) => {
    const state = document.querySelector("[data-presence]");
    const clock = document.querySelector("[data-clock]");
    if (!state || !clock) return;
    if (online) fresh = clock.dateTime;
    const words = online
      ? state.dataset.on
      : state.dataset.off.replace("{time}", written(clock.dataset.clock, new Date(fresh || clock.dateTime)));
    if (state.textContent !== words) state.textContent = words;
    state.classList.toggle("is-off", !online);
  };

  const ask = async () => {
    if (document.visibilityState === "hidden") return;
    try {
      const answer = await fetch(location.href, { cache: "no-cache", signal: AbortSignal.timeout(20_000) });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.querySelector("[data-hall]");
      const here = document.querySelector("[data-hall]");
      if (next && here) here.replaceWith(next);
      tick();
      say(true);
    } catch {
      say(false);
    }
  };

  tick();
  say(navigator.onLine);
  setInterval(tick, 1000);
  // Not all screens in the same second: a hundred of them would ask at once.
  setTimeout(() => setInterval(ask, EVERY), Math.random() * 10_000);
  addEventListener("online", ask);
  addEventListener("offline", () => say(false));
  document.addEventListener("visibilitychange", ask);
})();
