// The attention maps: one large map, an overview of all layers and heads, a cursor over the cells.
"use strict";

(() => {
  const { data, element, colours, onWidth, onTheme } = heed;
  const view = document.getElementById("attention-view");
  if (!view) return;

  const lastLevel = 254, notANumber = 255;
  const meanOfHeads = "mean";
  const unique = (values) => [...new Set(values)];
  const ascending = (a, b) => a - b;

  // {layer, head, weights}: head is a number or meanOfHeads; weights hold NaN where there is none.
  function decode(head) {
    const bytes = Uint8Array.from(atob(head.levels), (character) => character.charCodeAt(0));
    const weights = Float32Array.from(bytes, (level) =>
      level === notANumber ? NaN : level * head.maximum / lastLevel);
    return { layer: head.layer, head: head.head, weights };
  }

  function meanMap(layer, maps) {
    const weights = new Float32Array(maps[0].weights.length);
    for (const map of maps) map.weights.forEach((weight, i) => (weights[i] += weight / maps.length));
    return { layer, head: meanOfHeads, weights };
  }

  function largest(map) {
    return map.weights.reduce((most, weight) => (weight > most ? weight : most), 0);
  }

  // As many decimals as the steps of the stored weights bear out.
  const weightDigits = (map) =>
    Math.min(6, Math.max(2, Math.floor(-Math.log10(largest(map) / lastLevel || 1))));

  // All maps of one sentence and kind, the means included, by layer.
  function decodeGroup(group) {
    const maps = group.heads.map(decode);
    const layers = unique(maps.map((map) => map.layer)).sort(ascending);
    const heads = unique(maps.map((map) => map.head)).sort(ascending);
    if (heads.length > 1) {
      for (const layer of layers) {
        maps.push(meanMap(layer, maps.filter((map) => map.layer === layer && map.head !== meanOfHeads)));
      }
    }
    return { ...group, maps, layers, heads: heads.length > 1 ? [meanOfHeads, ...heads] : heads };
  }

  const state = { group: null, layer: 0, head: meanOfHeads, scale: "largest", row: -1, column: -1 };
  const findMap = (layer, head) =>
    state.group.maps.find((map) => map.layer === layer && map.head === head);
  const currentMap = () => findMap(state.layer, state.head);
  const headName = (head) => (head === meanOfHeads ? "mean of heads" : `head ${head}`);

  // Elements that stay
  function field(id, label, wide) {
    const select = element("select", { id });
    const box = element("div", { class: wide ? "field wide" : "field" }, element("label", { for: id }, label), select);
    return { select, box };
  }
  const title = field("map-title", "Sentence", true);
  const kind = field("map-kind", "Attention");
  const layer = field("map-layer", "Layer");
  const head = field("map-head", "Head");
  const scale = field("map-scale", "Colours");
  const controls = element("div", { class: "controls" }, title.box, kind.box, layer.box, head.box, scale.box);
  const mapScroll = element("div", { class: "map-scroll" });
  const readout = element("p", { class: "readout", "aria-live": "polite" });
  const scaleBar = element("canvas", { width: 256, height: 1, "aria-hidden": "true" });
  const scaleEnd = element("span");
  const mapBox = element("figure", { class: "map" }, mapScroll, readout,
    element("figcaption", { class: "scale" }, "0", scaleBar, scaleEnd));
  const grid = element("div", { class: "overview-grid", role: "group", "aria-label": "Layers and heads; arrow keys move" });
  const overview = element("div", { class: "overview" }, element("h3", {}, "Layers and heads"),
    element("div", { class: "overview-scroll" }, grid));
  view.append(controls, element("div", { class: "attention-body" }, mapBox, overview));

  function fill(select, choices, chosen) {
    select.replaceChildren(...choices.map(([value, text]) => element("option", { value }, text)));
    select.value = chosen;
    select.closest(".field").hidden = false;
  }

  // The large map
  const ruler = document.createElement("canvas").getContext("2d");
  function textWidth(text, size) {
    ruler.font = `700 ${size}px ${getComputedStyle(document.body).fontFamily}`;
    return ruler.measureText(text).width;
  }

  function layOut(group, width) {
    const columns = group.columns.length, rows = group.rows.length;
    const measure = (labels, size) => Math.max(0, ...labels.map((label) => textWidth(label, size)));
    let cell = 0, font = 13, left = 0, overhang = 0, slanted = false;
    for (font of [13, 12, 11, 10]) { // smaller labels leave more room for the cells
      left = Math.ceil(measure(group.rows, font)) + 10;
      slanted = true;
      overhang = measure(group.columns, font) * Math.SQRT1_2;
      cell = Math.floor((width - left - Math.max(4, overhang - 12)) / columns);
      if (cell >= font * 1.7) break;
      slanted = false;
      overhang = 0;
      cell = Math.floor((width - left - 4) / columns);
      if (cell >= font * 1.15) break;
    }
    cell = Math.min(Math.max(cell, font + 1), 40);
    const length = measure(group.columns, font);
    const top = Math.ceil(slanted ? length * Math.SQRT1_2 + font : length) + 10;
    return { cell, font, left, top, slanted, columns, rows,
      width: left + cell * columns + Math.ceil(Math.max(4, overhang - cell / 2 + 8)), height: top + cell * rows + 4 };
  }

  function levelsOf(map, maximum) {
    return Array.from(map.weights, (weight) => Number.isNaN(weight) ? notANumber
      : maximum > 0 ? Math.min(lastLevel, Math.round(weight / maximum * lastLevel)) : 0);
  }

  // One path per level keeps large maps quick.
  function cellPaths(levels, layout) {
    const gap = layout.cell >= 10 ? 1 : 0, side = layout.cell - gap;
    const paths = new Map();
    levels.forEach((level, i) => {
      if (level === 0) return;
      const x = i % layout.columns * layout.cell + gap / 2;
      const y = Math.floor(i / layout.columns) * layout.cell + gap / 2;
      paths.set(level, (paths.get(level) || "") + `M${x} ${y}h${side}v${side}h-${side}z`);
    });
    return [...paths].map(([level, d]) =>
      element("path", { class: level === notANumber ? "nan" : `q${level}`, d }));
  }

  let layout = null, rowTexts = [], columnTexts = [], marker = null, mapWidth = 0;

  // SentencePiece's mark of a word's beginning is kept but stepped back.
  function labelText(label, attributes) {
    const start = label.startsWith("\u2581") ? [element("tspan", { class: "word-start" }, "\u2581")] : [];
    return element("text", attributes, ...start, label.slice(start.length));
  }

  function drawLabels(group, svg) {
    const { cell, font, left, top } = layout;
    rowTexts = group.rows.map((label, i) => labelText(label, {
      x: left - 8, y: top + (i + 0.5) * cell, dy: "0.35em", "text-anchor": "end", "font-size": font }));
    columnTexts = group.columns.map((label, j) => labelText(label, {
      transform: `translate(${left + (j + 0.5) * cell} ${top - 7}) rotate(${layout.slanted ? -45 : -90})`,
      dy: "0.35em", "font-size": font }));
    svg.append(...rowTexts, ...columnTexts);
  }

  function drawMap() {
    const { group } = state;
    const map = currentMap();
    const maximum = state.scale === "one" ? 1 : largest(map);
    layout = layOut(group, mapWidth);
    const { cell, left, top, columns, rows } = layout;
    const svg = element("svg", { width: layout.width, height: layout.height, tabindex: 0, role: "application",
      viewBox: `0 0 ${layout.width} ${layout.height}`,
      "aria-label": `Attention weights, layer ${state.layer}, ${headName(state.head)}; arrow keys move from cell to cell` });
    drawLabels(group, svg);
    const cells = element("g", { transform: `translate(${left} ${top})` },
      element("rect", { class: "q0", width: cell * columns, height: cell * rows }),
      ...cellPaths(levelsOf(map, maximum), layout),
      element("rect", { class: "frame", x: -0.5, y: -0.5, width: cell * columns + 1, height: cell * rows + 1 }));
    marker = element("rect", { class: "marker", width: cell - 1, height: cell - 1, rx: 1.5, visibility: "hidden" });
    cells.append(marker);
    svg.append(cells);
    svg.addEventListener("pointermove", (event) => pointAt(svg, event));
    svg.addEventListener("pointerdown", (event) => pointAt(svg, event));
    svg.addEventListener("pointerleave", () => svg !== document.activeElement && choose(-1, -1));
    svg.addEventListener("keydown", onMapKey);
    svg.addEventListener("blur", () => choose(-1, -1));
    mapScroll.replaceChildren(svg);
    scaleEnd.textContent = maximum.toFixed(weightDigits(map));
    choose(state.row, state.column);
  }

  function pointAt(svg, event) {
    const box = svg.getBoundingClientRect();
    const ratio = layout.width / box.width;
    const column = Math.floor(((event.clientX - box.left) * ratio - layout.left) / layout.cell);
    const row = Math.floor(((event.clientY - box.top) * ratio - layout.top) / layout.cell);
    const inside = row >= 0 && row < layout.rows && column >= 0 && column < layout.columns;
    choose(inside ? row : -1, inside ? column : -1);
  }

  function choose(row, column) {
    const { group } = state;
    const chosen = row >= 0 && row < group.rows.length && column >= 0 && column < group.columns.length;
    state.row = chosen ? row : -1;
    state.column = chosen ? column : -1;
    rowTexts.forEach((text, i) => text.setAttribute("class", !chosen ? "" : i === row ? "on" : "off"));
    columnTexts.forEach((text, j) => text.setAttribute("class", !chosen ? "" : j === column ? "on" : "off"));
    marker.setAttribute("visibility", chosen ? "visible" : "hidden");
    if (!chosen) {
      readout.replaceChildren(element("span", {}, `Layer ${state.layer}, ${headName(state.head)}. Point at a cell for its weight.`));
      return;
    }
    marker.setAttribute("x", column * layout.cell + 0.5);
    marker.setAttribute("y", row * layout.cell + 0.5);
    const weight = currentMap().weights[row * group.columns.length + column];
    readout.replaceChildren(element("bdi", {}, group.rows[row]), element("span", {}, " attends to "),
      element("bdi", {}, group.columns[column]), element("span", {}, " with weight "),
      element("b", {}, Number.isNaN(weight) ? "not a number" : weight.toFixed(weightDigits(currentMap()))));
  }

  function onMapKey(event) {
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (event.key === "Escape") choose(-1, -1);
    if (!move) return;
    event.preventDefault();
    const limit = (value, count) => Math.min(Math.max(value, 0), count - 1);
    choose(limit(Math.max(state.row, 0) + (state.row < 0 ? 0 : move[0]), layout.rows),
      limit(Math.max(state.column, 0) + (state.column < 0 ? 0 : move[1]), layout.columns));
  }

  // The overview
  function drawThumbnail(canvas, map, ramp) {
    const { rows, columns } = state.group;
    canvas.width = columns.length;
    canvas.height = rows.length;
    const context = canvas.getContext("2d");
    const image = context.createImageData(columns.length, rows.length);
    levelsOf(map, state.scale === "one" ? 1 : largest(map)).forEach((level, i) => {
      const colour = parseInt(level === notANumber ? "808080" : ramp[level], 16);
      image.data.set([colour >> 16, colour >> 8 & 255, colour & 255, 255], 4 * i);
    });
    context.putImageData(image, 0, 0);
  }

  function drawOverview() {
    const { layers, heads } = state.group;
    overview.hidden = layers.length * heads.length < 2;
    const ramp = colours();
    grid.style.setProperty("--thumbnail", heads.length > 5 ? "36px" : "52px");
    grid.style.gridTemplateColumns = `auto repeat(${heads.length}, var(--thumbnail))`;
    grid.replaceChildren(element("span"),
      ...heads.map((h) => element("span", {}, h === meanOfHeads ? "mean" : String(h))));
    for (const l of layers) {
      grid.append(element("span", {}, String(l)));
      for (const h of heads) {
        const map = findMap(l, h);
        if (!map) {
          grid.append(element("span"));
          continue;
        }
        const canvas = element("canvas");
        drawThumbnail(canvas, map, ramp);
        const button = element("button", { type: "button", "aria-label": `layer ${l}, ${headName(h)}` }, canvas);
        button.map = map;
        button.addEventListener("click", () => select(l, h));
        grid.append(button);
      }
    }
    markChosen();
    const bar = scaleBar.getContext("2d");
    ramp.forEach((colour, i) => {
      bar.fillStyle = "#" + colour;
      bar.fillRect(i * 256 / ramp.length, 0, 2, 1);
    });
  }

  function markChosen() {
    for (const button of grid.querySelectorAll("button")) {
      const chosen = button.map === currentMap();
      button.setAttribute("aria-pressed", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
  }

  grid.addEventListener("keydown", (event) => {
    const { layers, heads } = state.group;
    const [down, right] = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key] || [0, 0];
    const l = layers[layers.indexOf(state.layer) + down];
    const h = heads[heads.indexOf(state.head) + right];
    if (!down && !right) return;
    event.preventDefault();
    if (l === undefined || h === undefined || !findMap(l, h)) return;
    select(l, h);
    grid.querySelector('[aria-pressed="true"]').focus();
  });

  // Choosing
  function select(l, h) {
    state.layer = l;
    state.head = findMap(l, h) ? h : state.group.maps.find((map) => map.layer === l).head;
    layer.select.value = String(l);
    head.select.value = String(state.head);
    drawMap();
    markChosen();
  }

  function showGroup(group) {
    state.group = group.maps ? group : (groups[groups.indexOf(group)] = decodeGroup(group));
    const { layers, heads } = state.group;
    fill(layer.select, layers.map((l) => [l, l]), state.layer);
    fill(head.select, heads.map((h) => [h, h === meanOfHeads ? "mean" : h]), state.head);
    const l = layers.includes(state.layer) ? state.layer : layers[layers.length - 1];
    const h = heads.includes(state.head) ? state.head : heads[0];
    layer.box.hidden = layers.length < 2;
    head.box.hidden = heads.length < 2;
    state.row = state.column = -1;
    // A map that would be cramped beside the overview gets a line of its own.
    mapBox.style.flexBasis = `${Math.max(320, 80 + 15 * state.group.columns.length)}px`;
    drawOverview();
    select(l, h);
  }

  const groups = [...data.attention];
  const titles = unique(groups.map((group) => group.title));
  const groupsOf = (name) => groups.filter((group) => group.title === name);

  function showTitle(name) {
    const kinds = groupsOf(name).map((group) => group.kind);
    const chosen = kinds.includes(kind.select.value) ? kind.select.value : kinds[0];
    fill(kind.select, kinds.map((k) => [k, k]), chosen);
    kind.box.hidden = kinds.length < 2;
    showGroup(groupsOf(name).find((group) => group.kind === chosen));
  }

  fill(title.select, titles.map((name) => [name, name]), titles[0]);
  title.box.hidden = titles.length < 2;
  fill(scale.select, [["largest", "up to the largest weight"], ["one", "0 to 1"]], "largest");
  title.select.addEventListener("change", () => showTitle(title.select.value));
  kind.select.addEventListener("change", () => showTitle(title.select.value));
  layer.select.addEventListener("change", () => select(Number(layer.select.value), state.head));
  head.select.addEventListener("change", () =>
    select(state.layer, head.select.value === meanOfHeads ? meanOfHeads : Number(head.select.value)));
  scale.select.addEventListener("change", () => {
    state.scale = scale.select.value;
    drawOverview();
    drawMap();
  });
  state.layer = Math.max(...groups[0].heads.map((h) => h.layer));
  mapWidth = mapScroll.clientWidth || 600;
  showTitle(titles[0]);
  onWidth(mapScroll, (width) => {
    mapWidth = width;
    drawMap();
  });
  onTheme(drawOverview);
})();
