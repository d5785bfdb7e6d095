"use strict";
const steps = JSON.parse(document.getElementById("steps").textContent);
const at = (id) => document.getElementById(id);
const node = (index) => document.querySelector(`.node[data-node="${index}"]`);
const joining = (kind, [child, parent, argument]) =>
  document.querySelector(`.${kind}[data-to="${child}"][data-from="${parent}"][data-argument="${argument}"]`);
let now = 0; // how many steps have been taken

/** What each step brings to light, and what it works on. */
const parts = steps.map((step) => {
  const box = node(step.index);
  const forward = step.phase === "forward";
  const brought = [box.querySelector(forward ? ".value" : ".grad")];
  if (!forward) brought.push(...step.edges.map((edge) => joining("label", edge)));
  return { brought: brought.filter(Boolean), worked: [box, ...step.edges.map((edge) => joining("edge", edge))] };
});

function show(count) {
  if (now > 0) for (const part of parts[now - 1].worked) part.classList.remove("forward", "backward");
  now = Math.max(0, Math.min(steps.length, count));
  parts.forEach((part, index) => {
    for (const element of part.brought) element.classList.toggle("hidden", index >= now);
  });
  const step = steps[now - 1];
  if (step) {
    for (const part of parts[now - 1].worked) part.classList.add(step.phase);
    follow(parts[now - 1].worked[0]);
  }
  at("phase").textContent = step ? `${step.phase} · ${step.node}` : "Start";
  at("phase").className = step ? step.phase : "";
  at("said").textContent = step ? step.lines.join("\n") : "First each value forward, then each gradient backward.";
  at("count").textContent = `${now} / ${steps.length}`;
  at("slider").value = now;
  at("back").disabled = at("first").disabled = now === 0;
  at("next").disabled = at("last").disabled = now === steps.length;
}

/** Scroll the picture, and nothing else, to where something is that cannot be seen. */
function follow(box) {
  const frame = at("picture"), outer = frame.getBoundingClientRect(), inner = box.getBoundingClientRect();
  const seen = inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom;
  if (seen) return;
  frame.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
  frame.scrollTop += inner.top + inner.height / 2 - outer.top - outer.height / 2;
}

at("slider").max = steps.length;
at("slider").addEventListener("input", (event) => show(Number(event.target.value)));
const ways = { first: () => 0, back: () => now - 1, next: () => now + 1, last: () => steps.length };
for (const [id, where] of Object.entries(ways)) at(id).addEventListener("click", () => show(where()));
const keys = { Home: "first", ArrowLeft: "back", ArrowRight: "next", End: "last" };
document.addEventListener("keydown", (event) => {
  if (!(event.key in keys) || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  show(ways[keys[event.key]]());
});
show(Number(location.hash.slice(1)) || 0); // page.html#5 opens after five steps
