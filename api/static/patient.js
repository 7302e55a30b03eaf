// The picture of a patient: what a mark is, told beside it, and the two handles that drive the fields beneath.
(() => {
  "use strict";

  const day = 86400000;

  const wire = () => {
    const svg = document.querySelector(".picture svg[data-anchors]");
    if (!svg || svg.dataset.wired) return;
    svg.dataset.wired = "yes";
    const anchors = svg.dataset.anchors.split(" ").map((one) => one.split("@")).map(([x, on]) => [Number(x), Date.parse(on)]);
    const width = svg.viewBox.baseVal.width;
    const told = document.getElementById("told");

    const dayAt = (x) => {
      const after = Math.max(1, anchors.findIndex(([place]) => place >= x));
      const [before, next] = [anchors[after - 1], anchors[after] || anchors[anchors.length - 1]];
      const part = next[0] === before[0] ? 0 : Math.min(1, Math.max(0, (x - before[0]) / (next[0] - before[0])));
      return new Date(before[1] + Math.round((part * (next[1] - before[1])) / day) * day).toISOString().slice(0, 10);
    };
    const placeOf = (on) => {
      const at = Date.parse(on);
      const after = anchors.findIndex(([, one]) => one >= at);
      if (after <= 0) return after === 0 ? anchors[0][0] : anchors[anchors.length - 1][0];
      const [before, next] = [anchors[after - 1], anchors[after]];
      return before[0] + ((at - before[1]) / (next[1] - before[1])) * (next[0] - before[0]);
    };

    svg.querySelectorAll(".mark").forEach((mark) => {
      const tell = () => { told.textContent = mark.getAttribute("aria-label"); };
      mark.addEventListener("mouseenter", tell);
      mark.addEventListener("focus", tell);
    });

    const sliders = document.querySelector(".picture .sliders");
    sliders.hidden = false;
    sliders.style.width = width + "px";
    const form = document.getElementById("form-handles");
    sliders.querySelectorAll("input").forEach((slider) => {
      const field = form.elements[slider.dataset.drives];
      const last = anchors[anchors.length - 1][1];
      const shown = field.value ? field.value.slice(0, 10) : new Date(last).toISOString().slice(0, 10);
      slider.max = String(Math.round(width));
      slider.value = String(Math.round(placeOf(shown)));
      slider.setAttribute("aria-valuetext", shown);
      slider.addEventListener("input", () => {
        const on = dayAt(Number(slider.value));
        slider.setAttribute("aria-valuetext", on);
        field.value = slider.dataset.drives === "known_at" ? on + "T23:59" : on;
        told.textContent = (slider.dataset.drives === "known_at" ? "As known at the end of " : "On ") + on;
      });
      slider.addEventListener("change", () => form.requestSubmit());
    });
  };

  document.addEventListener("DOMContentLoaded", wire);
  document.addEventListener("htmx:afterSettle", wire);
})();
