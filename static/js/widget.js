// Puts the programme into the page that this script stands in, in place of the link before it.
// <a href="…/schedule">…</a> <script async src="…/widget.js" data-site="…" data-day="2026-10-10" data-lang="vi"></script>
(() => {
  "use strict";

  const script = document.currentScript;
  if (!script) return;
  const address = new URL(script.src.replace(/widget\.js(\?.*)?$/, "widget"));
  for (const [name, argument] of [["site", "site"], ["day", "day"], ["lang", "lang"]]) {
    if (script.dataset[name]) address.searchParams.set(argument, script.dataset[name]);
  }
  const link = script.previousElementSibling;
  const frame = document.createElement("iframe");
  frame.src = address.href;
  frame.title = (link && link.matches("a") && link.textContent.trim()) || script.dataset.title || "DXDay";
  frame.loading = "lazy";
  frame.referrerPolicy = "no-referrer";
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox");
  Object.assign(frame.style, { display: "block", width: "100%", height: script.dataset.height || "30rem", border: "0" });
  // The link stays until the programme is really there.
  frame.addEventListener("load", () => { if (link && link.matches("a")) link.hidden = true; }, { once: true });
  addEventListener("message", (event) => {
    if (event.source !== frame.contentWindow || event.origin !== address.origin) return;
    if (!event.data || event.data.dxday !== "height" || script.dataset.height) return;
    const height = Number(event.data.height);
    if (height > 0 && height < 100_000) frame.style.height = `${height}px`;
  });
  script.after(frame);
})();
