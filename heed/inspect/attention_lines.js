// Attention as lines: the tokens that attend on the left, those attended to on the right, and a line
// between two, the stronger the larger its weight. A token that is pointed at shows its own alone.
"use strict";

// Calls choose(row, column) when the chosen token changes; the side that is not chosen is -1.
heed.attentionLines = (box, choose) => {
  const { element, attention, tokenText } = heed;
  const faintest = 0.02; // of the largest weight: thinner lines are not drawn
  const wholePitch = 24, tightPitch = 18;
  const canvas = element("canvas", { "aria-hidden": "true" });
  const sides = [element("ol", { class: "queries" }), element("ol", { class: "keys" })];
  const view = element("div", { class: "lines", tabindex: 0, role: "application" }, sides[0], canvas, sides[1]);
  let map = null, group = null, maximum = 1, pitch = wholePitch, chosen = { side: -1, token: -1 };

  const weight = (row, column) => map.weights[row * group.columns.length + column];

  function drawLines() {
    const height = Math.max(group.rows.length, group.columns.length) * pitch;
    const width = canvas.clientWidth, ratio = devicePixelRatio || 1;
    canvas.style.height = `${height}px`;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.strokeStyle = getComputedStyle(canvas).color;
    const own = (row, column) => (chosen.side === 0 ? row : column) === chosen.token;
    for (let row = 0; row < group.rows.length; ++row) {
      for (let column = 0; column < group.columns.length; ++column) {
        const strength = weight(row, column) / maximum;
        if (!(strength >= faintest) || (chosen.side >= 0 && !own(row, column))) continue;
        context.globalAlpha = Math.min(1, strength ** 0.7); // faint lines stay to be seen
        context.lineWidth = chosen.side >= 0 ? 0.75 + 2.25 * strength : 0.5 + 1.5 * strength;
        const from = (row + 0.5) * pitch, to = (column + 0.5) * pitch;
        context.beginPath();
        context.moveTo(0, from);
        context.bezierCurveTo(width / 3, from, width * 2 / 3, to, width, to);
        context.stroke();
      }
    }
  }

  // The tokens on the other side are shaded by their weight.
  function shadeTokens() {
    sides.forEach((list, side) => [...list.children].forEach((item, i) => {
      const other = chosen.side >= 0 && chosen.side !== side;
      const share = !other ? 0 : side === 1 ? weight(chosen.token, i) : weight(i, chosen.token);
      item.style.setProperty("--share", `${Math.round(100 * Math.min(1, share / maximum || 0))}%`);
      item.classList.toggle("on", chosen.side === side && chosen.token === i);
    }));
  }

  function moveTo(side, token) {
    chosen = token < 0 ? { side: -1, token: -1 } : { side, token };
    shadeTokens();
    drawLines();
    choose(chosen.side === 0 ? token : -1, chosen.side === 1 ? token : -1);
  }

  function draw(newGroup, newMap, newMaximum, title) {
    if (newGroup !== group) chosen = { side: -1, token: -1 };
    [group, map, maximum] = [newGroup, newMap, newMaximum || 1];
    pitch = Math.max(group.rows.length, group.columns.length) > 30 ? tightPitch : wholePitch;
    view.style.setProperty("--pitch", `${pitch}px`);
    view.setAttribute("aria-label", `Attention as lines, ${title}; up and down choose a token, left and right a side`);
    [group.rows, group.columns].forEach((labels, side) => sides[side].replaceChildren(
      ...labels.map((label) => tokenText(label, element("li", { dir: "auto" }), "span"))));
    if (view.parentNode !== box) box.replaceChildren(view);
    moveTo(chosen.side, chosen.token);
  }

  sides.forEach((list, side) => {
    const pointed = (event) => [...list.children].indexOf(event.target.closest("li"));
    heed.onPointer(list, (event) => pointed(event) >= 0 && moveTo(side, pointed(event)),
      () => view !== document.activeElement && moveTo(-1, -1));
  });
  view.addEventListener("blur", () => moveTo(-1, -1));
  view.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const side = { ArrowLeft: 0, ArrowRight: 1 }[event.key] ?? Math.max(chosen.side, 0);
    if (event.key === "Escape") moveTo(-1, -1);
    if (!step && event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    const count = sides[side].children.length;
    const next = chosen.token < 0 ? 0 : chosen.token + (step || 0);
    moveTo(side, Math.min(Math.max(next, 0), count - 1));
  });
  heed.onWidth(canvas, () => group && view.isConnected && drawLines());

  return { draw };
};
