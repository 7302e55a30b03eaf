// What the pages do beyond reading: nothing here is needed to see or to do anything.
(() => {
  "use strict";

  const trouble = () => document.getElementById("trouble");

  const tell = (text) => {
    const place = trouble();
    place.textContent = text;
    place.hidden = false;
    place.scrollIntoView({ block: "nearest" });
  };

  const KEPT = " Nothing was lost: what you typed is still here.";

  document.addEventListener("htmx:beforeRequest", () => { trouble().hidden = true; });
  document.addEventListener("htmx:sendError", () => tell("The server does not answer." + KEPT + " Send it again in a moment; it will be done once."));
  document.addEventListener("htmx:timeout", () => tell("The server takes too long." + KEPT + " Send it again in a moment; it will be done once."));

  // An answer that is none of our pages (a proxy's, or "sign in" on a POST) must not take the place of a filled form.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    if (xhr.status < 400 || target.id !== "main") return;
    if (xhr.status === 401) {
      event.detail.shouldSwap = false;
      tell("You are signed out." + KEPT + " Sign in in another tab, then send it again.");
    } else if (!xhr.responseText.includes('id="main"') || xhr.status >= 500) {
      event.detail.shouldSwap = false;
      tell("The server could not answer (" + xhr.status + ")." + KEPT + " Send it again in a moment; it will be done once.");
    }
  });

  // After a form was answered, who reads by ear or by keyboard is led to what was said.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "main") return;
    const said = document.querySelector("#refused, .notice.done");
    const place = said || document.getElementById("main");
    place.setAttribute("tabindex", "-1");
    place.focus({ preventScroll: said === null });
  });

  // A form that is a filter is sent as soon as a choice is made.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-at-once]");
    if (form) form.requestSubmit();
  });

  // What was opened to be read in print is open there.
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("details:not(.act)").forEach((one) => { one.open = true; });
  });
})();
