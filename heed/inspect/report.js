// Shared by the parts of the page: elements, numbers, colours, theme, navigation.
//
// The data (see report_data.h):
//   colours   {light, dark}: six hexadecimal digits per level of weight; where attention is shown
//   charts    [{title, unit, logarithmic, curves: [{name, step, mean, least?, largest?,
//             notFinite?, better?}]}]
//   attention [{title, kind, rows, columns, heads: [{layer, head, maximum, levels, entropy?}]}]
//   chosen    {kind?, layer?, head?}: the attention map that is shown first
"use strict";

const heed = (() => {
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const svgNames = new Set(["svg", "g", "path", "line", "rect", "circle", "text", "tspan", "title"]);

  // element("p", {class: "aside"}, "text", child, …): text is always set as text, never as markup.
  function element(name, attributes = {}, ...children) {
    const node = svgNames.has(name)
      ? document.createElementNS("http://www.w3.org/2000/svg", name)
      : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== undefined && value !== false) {
        node.setAttribute(key, value === true ? "" : value);
      }
    }
    node.append(...children);
    return node;
  }

  const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

  // A value with as many digits as a reader wants: 12,345  42.1  0.0312  3.0e-5
  function formatValue(value) {
    const size = Math.abs(value);
    if (!Number.isFinite(value)) return "not finite";
    if (size === 0) return "0";
    if (size >= 1000) return grouped.format(value);
    if (size < 0.001) return value.toExponential(2);
    return value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : size >= 0.1 ? 3 : 5);
  }

  const formatStep = (step) => grouped.format(step);

  // Theme: automatic, light or dark. A ?theme= in the address wins over the theme that the page was
  // written with.
  const root = document.documentElement;
  const darkQuery = matchMedia("(prefers-color-scheme: dark)");
  const themeListeners = [];
  const themes = ["automatic", "light", "dark"];
  let theme = new URLSearchParams(location.search).get("theme") ?? root.dataset.theme;

  function currentTheme() {
    if (matchMedia("print").matches) return "light";
    return theme === "light" || theme === "dark" ? theme : darkQuery.matches ? "dark" : "light";
  }

  function showTheme() {
    if (!themes.includes(theme)) theme = "automatic";
    if (theme === "automatic") delete root.dataset.theme;
    else root.dataset.theme = theme;
    document.getElementById("theme").textContent = `Theme: ${theme}`;
    themeListeners.forEach((listener) => listener());
  }

  const button = document.getElementById("theme");
  button.hidden = false;
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    showTheme();
  });
  darkQuery.addEventListener("change", showTheme);
  matchMedia("print").addEventListener("change", showTheme);

  showTheme();

  // The link of the section in view is marked.
  const links = new Map();
  document.querySelectorAll("nav a").forEach((link) => links.set(link.hash.slice(1), link));
  const visible = new Set();
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) visible.add(entry.target.id);
      else visible.delete(entry.target.id);
    }
    const first = [...links.keys()].find((id) => visible.has(id));
    links.forEach((link, id) => {
      if (id === first) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  }, { rootMargin: "-64px 0px -55% 0px" });
  document.querySelectorAll("main > section").forEach((section) => observer.observe(section));

  // Calls draw(width) now and whenever the element's width changes.
  function onWidth(node, draw) {
    let width = 0;
    const update = () => {
      const now = Math.floor(node.clientWidth);
      if (now > 0 && now !== width) draw((width = now));
    };
    update();
    new ResizeObserver(update).observe(node);
  }

  // Calls move(event) where a mouse hovers, a finger taps or drags, and leave() when a mouse goes. A
  // finger is gone as soon as it lets go: what it showed stays until something else is touched.
  function onPointer(node, move, leave) {
    node.addEventListener("pointermove", move);
    node.addEventListener("click", move); // comes last of what a tap sends, after the focus moved
    node.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && leave());
  }

  // A box that scrolls fades where there is more of it. Returns what is to be called when its content
  // changes.
  function hintScroll(box) {
    const update = () => {
      box.classList.toggle("more-right", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
      box.classList.toggle("more-below", box.scrollTop + box.clientHeight < box.scrollHeight - 1);
    };
    box.addEventListener("scroll", update, { passive: true });
    new ResizeObserver(update).observe(box);
    update();
    return update;
  }
  document.querySelectorAll(".scroll").forEach(hintScroll);

  return {
    data, element, formatValue, formatStep, currentTheme, onWidth, onPointer, hintScroll,
    onTheme: (listener) => themeListeners.push(listener),
  };
})();
