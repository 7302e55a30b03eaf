// The worklist refreshes itself: not in a tab that nobody looks at, not under somebody's hands, and never into nothing.
(() => {
  "use strict";

  const listing = (event) => event.detail.elt && event.detail.elt.hasAttribute("data-refreshes");

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!listing(event)) return;
    const isInUse = event.detail.elt.contains(document.activeElement);
    if (document.hidden || isInUse) event.preventDefault();
  });

  const told = (text) => {
    const place = document.getElementById("unrefreshed");
    if (place) place.textContent = text;
  };

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!event.detail.target.hasAttribute("data-refreshes") || event.detail.xhr.status < 400) return;
    event.detail.shouldSwap = false;
    told(event.detail.xhr.status === 401 ? "You are signed out: reload the page to sign in." : "It could not be refreshed; it will be tried again.");
  });
})();
