// The programme for one reader: their own time beside the event's, and stars. Everything is there without this.
(() => {
  "use strict";

  const help = document.querySelector("[data-programme]");
  if (!help) return;
  const words = JSON.parse(help.dataset.programme);
  const language = document.documentElement.lang;

  // ---- the reader's own time ----

  const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const dayAndClock = (zone) => new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  });
  const theirs = dayAndClock(words.zone);
  const own = dayAndClock(ownZone);
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const weekday = new Intl.DateTimeFormat(language, { weekday: "short" });
  const dayOf = (written) => written.split(",")[0];

  let differs = false;
  for (const place of document.querySelectorAll(".slot-time, .timeline-time, .when-clock")) {
    const time = place.querySelector("time[datetime]");
    if (!time || place.closest("[aria-hidden]")) continue;
    const moment = new Date(time.dateTime);
    const here = own.format(moment);
    const there = theirs.format(moment);
    if (here === there) continue;
    differs = true;
    const day = dayOf(here) === dayOf(there) ? "" : `${weekday.format(moment)} `;
    const note = document.createElement("span");
    note.className = "own-time figures";
    note.textContent = words.yours.replace("{time}", day + clock.format(moment));
    // The column of times in a list of a site has no room for words.
    const beside = place.parentElement.querySelector(":scope > .timeline-body");
    (beside || place).append(note);
  }
  if (differs) {
    const lead = document.querySelector(".page-header .lead, .section-lead");
    const note = document.createElement("span");
    note.className = "no-print";
    note.textContent = ` ${words.zones.replace("{zone}", ownZone.replaceAll("_", " "))}`;
    if (lead) lead.append(note);
  }

  // ---- stars: kept in this browser alone ----

  const drawer = `dxday.${words.edition}.selection`;
  const read = () => {
    try {
      const found = JSON.parse(localStorage.getItem(drawer) || "[]");
      return Array.isArray(found) ? found.filter((code) => typeof code === "string") : [];
    } catch {
      return [];
    }
  };
  const write = (codes) => {
    try {
      localStorage.setItem(drawer, JSON.stringify(codes));
      return true;
    } catch {
      return false;
    }
  };
  try {
    localStorage.getItem(drawer);
  } catch {
    return; // a browser that keeps nothing: the links on the pages of sessions do it all
  }

  const address = (codes) => (codes.length ? `${words.mine}?s=${codes.map(encodeURIComponent).join(",")}` : words.mine);
  const buttons = new Map();
  const star = (full) => {
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    picture.setAttribute("class", "icon");
    picture.setAttribute("viewBox", "0 0 16 16");
    picture.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", "M8 1.2 10.1 5.6 14.9 6.2 11.4 9.5 12.3 14.3 8 11.9 3.7 14.3 4.6 9.5 1.1 6.2 5.9 5.6Z");
    path.setAttribute("fill", full ? "currentColor" : "none");
    path.setAttribute("stroke", "currentColor");
    path.setAttribute("stroke-width", "1.2");
    path.setAttribute("stroke-linejoin", "round");
    picture.append(path);
    return picture;
  };

  const show = () => {
    const codes = read();
    for (const [code, found] of buttons) {
      const chosen = codes.includes(code);
      for (const { button, title } of found) {
        button.setAttribute("aria-pressed", String(chosen));
        button.replaceChildren(star(chosen));
        if (button.parentElement.matches(".star-place")) {
          const label = document.createElement("span");
          label.textContent = chosen ? words.inside : words.into;
          button.append(label);
        } else button.title = (chosen ? words.remove : words.add).replace("{title}", title);
      }
    }
    for (const link of document.querySelectorAll("a[href]")) {
      if (link.pathname !== words.mine || link.closest("main") === null || link.dataset.out !== undefined) continue;
      if (link.closest(".star-place, form, [data-mine]")) continue;
      link.href = address(codes);
      const label = link.querySelector("span");
      if (label && codes.length) label.textContent = words.count.replace("{n}", new Intl.NumberFormat(language).format(codes.length));
    }
  };

  const toggle = (code) => {
    const codes = read();
    write(codes.includes(code) ? codes.filter((each) => each !== code) : [...codes, code]);
    show();
  };

  const shared = document.querySelector("[data-mine]");
  if (!shared) {
    for (const place of document.querySelectorAll("[data-code]")) {
      if (place.querySelector(".slot-state, s")) continue; // a cancelled session is nothing to look forward to
      const named = place.querySelector(".slot-title, .timeline-title");
      const title = place.dataset.title || (named ? named.textContent.trim() : "");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "star";
      if (!place.matches(".star-place")) button.setAttribute("aria-label", words.add.replace("{title}", title));
      button.addEventListener("click", () => toggle(place.dataset.code));
      if (place.matches(".star-place")) place.replaceChildren(button);
      else {
        place.classList.add("has-star");
        (place.querySelector(".slot-inside") || place).append(button);
      }
      const found = buttons.get(place.dataset.code) || [];
      buttons.set(place.dataset.code, [...found, { button, title }]);
    }
  }
  show();
  addEventListener("storage", (event) => { if (event.key === drawer) show(); });
  addEventListener("pageshow", show);

  // ---- my selection: the address says what is shown, this browser says what is mine ----

  if (shared) {
    const given = new URLSearchParams(location.search).get("s");
    const shown = shared.dataset.mine ? shared.dataset.mine.split(",") : [];
    const mine = read();
    const same = shown.length === mine.length && shown.every((code) => mine.includes(code));
    if (given === null && mine.length) location.replace(address(mine));
    else if (given !== null && mine.length === 0 && shown.length === 1) write(shown); // from the link of a session
    else if (shown.length && !same) {
      if (shown.some((code) => !mine.includes(code))) shared.hidden = false;
      shared.querySelector("[data-take-over]").addEventListener("click", () => {
        const all = [...new Set([...mine, ...shown])];
        write(all);
        location.replace(address(all));
      });
    }
    for (const out of document.querySelectorAll("[data-out]")) {
      out.addEventListener("click", () => {
        if (same) write(read().filter((code) => code !== out.dataset.out));
      });
    }
  }
})();
