// The programme in a frame of somebody's page: tells that page how high it is, and nothing else.
(() => {
  "use strict";

  if (parent === window) return;
  const tell = () => parent.postMessage({ dxday: "height", height: Math.ceil(document.body.getBoundingClientRect().height) }, "*");
  new ResizeObserver(tell).observe(document.body);
  addEventListener("load", tell);
})();
