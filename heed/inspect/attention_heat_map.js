// The large attention map: tokens on both axes, a cursor over the cells.
"use strict";

// Calls choose(row, column) when the cursor moves, with -1 for none.
heed.heatMap = (box, choose) => {
  const { element, attention, tokenText, onPointer } = heed;
  const hint = heed.hintScroll(box);
  let layout = null, rowTexts = [], columnTexts = [], marker = null, cursor = [-1, -1];

  const ruler = document.createElement("canvas").getContext("2d");
  function longest(labels, size) {
    ruler.font = `700 ${size}px ${getComputedStyle(document.body).fontFamily}`;
    return Math.max(0, ...labels.map((label) => ruler.measureText(label).width));
  }

  function layOut(group, width) {
    const columns = group.columns.length, rows = group.rows.length;
    let cell = 0, font = 13, left = 0, overhang = 0, slanted = false;
    for (font of [13, 12, 11, 10]) { // smaller labels leave more room for the cells
      left = Math.ceil(longest(group.rows, font)) + 10;
      slanted = true;
      overhang = longest(group.columns, font) * Math.SQRT1_2;
      cell = Math.floor((width - left - Math.max(4, overhang - 12)) / columns);
      if (cell >= font * 1.8) break;
      slanted = false;
      overhang = 0;
      cell = Math.floor((width - left - 4) / columns);
      if (cell >= font * 1.25) break;
    }
    cell = Math.min(Math.max(cell, Math.ceil(font * 1.25)), 40);
    const length = longest(group.columns, font);
    const top = Math.ceil(slanted ? length * Math.SQRT1_2 + font : length) + 10;
    return { cell, font, left, top, slanted, columns, rows,
      width: left + cell * columns + Math.ceil(Math.max(4, overhang - cell / 2 + 8)), height: top + cell * rows + 4 };
  }

  // One path per level keeps large maps quick.
  function cellPaths(levels) {
    const gap = layout.cell >= 10 ? 1 : 0, side = layout.cell - gap;
    const paths = new Map();
    levels.forEach((level, i) => {
      if (level === 0) return;
      const x = i % layout.columns * layout.cell + gap / 2;
      const y = Math.floor(i / layout.columns) * layout.cell + gap / 2;
      paths.set(level, (paths.get(level) || "") + `M${x} ${y}h${side}v${side}h-${side}z`);
    });
    return [...paths].map(([level, d]) =>
      element("path", { class: level === attention.notANumber ? "nan" : `q${level}`, d }));
  }

  function drawLabels(group, svg) {
    const { cell, font, left, top } = layout;
    rowTexts = group.rows.map((label, i) => tokenText(label, element("text", {
      x: left - 8, y: top + (i + 0.5) * cell, dy: "0.35em", "text-anchor": "end", "font-size": font }), "tspan"));
    columnTexts = group.columns.map((label, j) => tokenText(label, element("text", {
      transform: `translate(${left + (j + 0.5) * cell} ${top - 7}) rotate(${layout.slanted ? -45 : -90})`,
      dy: "0.35em", "font-size": font }), "tspan"));
    svg.append(...columnTexts);
  }

  // The labels of the rows stay in sight while the map is scrolled under them.
  function rowLabels() {
    const group = element("g", {}, element("rect", { class: "behind-labels", width: layout.left - 2, height: layout.height }),
      ...rowTexts);
    const follow = () => group.setAttribute("transform", `translate(${box.scrollLeft} 0)`);
    box.onscroll = follow;
    follow();
    return group;
  }

  function draw(group, map, maximum, width, title) {
    layout = layOut(group, width);
    const { cell, left, top, columns, rows } = layout;
    const svg = element("svg", { width: layout.width, height: layout.height, tabindex: 0, role: "application",
      viewBox: `0 0 ${layout.width} ${layout.height}`,
      "aria-label": `Attention weights, ${title}; arrow keys move from cell to cell` });
    drawLabels(group, svg);
    const cells = element("g", { transform: `translate(${left} ${top})` },
      element("rect", { class: "q0", width: cell * columns, height: cell * rows }),
      ...cellPaths(attention.levels(map, maximum)),
      element("rect", { class: "frame", x: -0.5, y: -0.5, width: cell * columns + 1, height: cell * rows + 1 }));
    marker = element("rect", { class: "marker", width: cell - 1, height: cell - 1, rx: 1.5, visibility: "hidden" });
    cells.append(marker);
    svg.append(cells, rowLabels());
    onPointer(svg, (event) => pointAt(svg, event), () => svg !== document.activeElement && moveTo(-1, -1));
    svg.addEventListener("keydown", onKey);
    svg.addEventListener("blur", () => moveTo(-1, -1));
    box.replaceChildren(svg);
    hint();
    moveTo(...cursor);
  }

  function pointAt(svg, event) {
    const area = svg.getBoundingClientRect();
    const ratio = layout.width / area.width;
    const labels = box.getBoundingClientRect().left + layout.left / ratio; // cells lie under them when scrolled
    if (event.clientX < labels) moveTo(-1, -1);
    else moveTo(Math.floor(((event.clientY - area.top) * ratio - layout.top) / layout.cell),
      Math.floor(((event.clientX - area.left) * ratio - layout.left) / layout.cell));
  }

  function moveTo(row, column) {
    const inside = row >= 0 && row < layout.rows && column >= 0 && column < layout.columns;
    cursor = inside ? [row, column] : [-1, -1];
    const mark = (texts, chosen) => texts.forEach((text, i) =>
      text.setAttribute("class", !inside ? "" : i === chosen ? "on" : "off"));
    mark(rowTexts, row);
    mark(columnTexts, column);
    marker.setAttribute("visibility", inside ? "visible" : "hidden");
    if (inside) {
      marker.setAttribute("x", column * layout.cell + 0.5);
      marker.setAttribute("y", row * layout.cell + 0.5);
    }
    choose(...cursor);
  }

  function onKey(event) {
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (event.key === "Escape") moveTo(-1, -1);
    if (!move) return;
    event.preventDefault();
    const limit = (value, count) => Math.min(Math.max(value, 0), count - 1);
    const [row, column] = cursor;
    moveTo(limit(Math.max(row, 0) + (row < 0 ? 0 : move[0]), layout.rows),
      limit(Math.max(column, 0) + (column < 0 ? 0 : move[1]), layout.columns));
    const x = cursor[1] * layout.cell; // of the cell, from the labels on: it is kept in sight
    box.scrollLeft = Math.max(Math.min(box.scrollLeft, x), x + layout.cell + layout.left - box.clientWidth);
  }

  return { draw, forget: () => (cursor = [-1, -1]) };
};
