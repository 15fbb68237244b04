// The attention maps: what is shown, the large map or its lines, an overview of all layers and heads.
"use strict";

(() => {
  const { data, element, onWidth, onTheme, attention } = heed;
  const { headName, largest, digits, unique, colours } = attention;
  const view = document.getElementById("attention-view");
  if (!view) return;
  attention.addWeightRules();

  const state = { group: null, layer: 0, head: "mean", ...data.chosen };
  const currentMap = () => state.group.find(state.layer, state.head);
  const mapTitle = () => `layer ${state.layer}, ${headName(state.head)}`;

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
  const form = field("map-form", "Drawn as");
  const scale = field("map-scale", "Colours");
  const controls = element("div", { class: "controls" },
    ...[title, kind, layer, head, form, scale].map(({ box }) => box));
  const mapScroll = element("div", { class: "map-scroll" });
  const linesBox = element("div");
  const readout = element("p", { class: "readout", "aria-live": "polite" });
  const scaleBar = element("canvas", { width: 256, height: 1, "aria-hidden": "true" });
  const scaleEnd = element("span");
  const scaleBox = element("figcaption", { class: "scale" }, "0", scaleBar, scaleEnd);
  const mapBox = element("figure", { class: "map" }, mapScroll, linesBox, readout, scaleBox);
  const grid = element("div", { class: "overview-grid", role: "group", "aria-label": "Layers and heads; arrow keys move" });
  const entropyNote = element("p", { class: "overview-note" }, "Below a head: its entropy in bits, the mean over rows.");
  const overviewScroll = element("div", { class: "overview-scroll" }, grid);
  const overview = element("div", { class: "overview" }, element("h3", {}, "Layers and heads"),
    overviewScroll, entropyNote);
  const hintOverview = heed.hintScroll(overviewScroll);
  view.append(controls, element("div", { class: "attention-body" }, mapBox, overview));

  function fill(select, choices, chosen) {
    select.replaceChildren(...choices.map(([value, text]) => element("option", { value }, text)));
    select.value = chosen;
  }

  // What is said about the chosen tokens
  const weightText = (weight) => (Number.isNaN(weight) ? "not a number" : weight.toFixed(digits(currentMap())));

  // The largest weights of a row (or a column), as text.
  function strongest(labels, weights) {
    const order = [...weights.keys()].filter((i) => weights[i] > 0).sort((a, b) => weights[b] - weights[a]).slice(0, 4);
    return order.flatMap((i, n) => [n ? ", " : "", element("bdi", {}, labels[i]), " ", element("b", {}, weightText(weights[i]))]);
  }

  function describe(row, column) {
    const { group } = state;
    const { weights, entropy } = currentMap();
    const said = (text) => element("span", {}, text);
    const columns = group.columns.length;
    if (row < 0 && column < 0) {
      const entropyText = entropy === undefined ? "" : ` Entropy ${entropy.toFixed(2)} bits.`;
      const what = form.select.value === "lines" ? "a token for its weights" : "a cell for its weight";
      readout.replaceChildren(said(`${mapTitle().replace(/^l/, "L")}.${entropyText} Point at ${what}.`));
    } else if (column < 0) {
      readout.replaceChildren(element("bdi", {}, group.rows[row]), said(" attends to "),
        ...strongest(group.columns, weights.subarray(row * columns, (row + 1) * columns)));
    } else if (row < 0) {
      readout.replaceChildren(element("bdi", {}, group.columns[column]), said(" is attended to by "),
        ...strongest(group.rows, group.rows.map((_, i) => weights[i * columns + column])));
    } else {
      readout.replaceChildren(element("bdi", {}, group.rows[row]), said(" attends to "),
        element("bdi", {}, group.columns[column]), said(" with weight "),
        element("b", {}, weightText(weights[row * columns + column])));
    }
  }

  // The large map
  const heatMap = heed.heatMap(mapScroll, describe);
  const lines = heed.attentionLines(linesBox, describe);
  let mapWidth = 0;

  function drawMap() {
    const map = currentMap();
    const maximum = state.scale === "one" ? 1 : largest(map);
    const asLines = form.select.value === "lines";
    mapScroll.hidden = asLines;
    scaleBox.hidden = asLines;
    linesBox.hidden = !asLines;
    scaleEnd.textContent = maximum.toFixed(digits(map));
    if (asLines) lines.draw(state.group, map, maximum, mapTitle());
    else heatMap.draw(state.group, map, maximum, mapWidth, mapTitle());
  }

  // A map that would be cramped beside the overview gets a line of its own.
  const mapSpace = () => Math.max(320, 80 + 15 * state.group.columns.length);
  const alone = () => mapSpace() + 60 * state.group.heads.length > view.clientWidth;

  // The overview
  function drawThumbnail(canvas, map, ramp) {
    const { rows, columns } = state.group;
    canvas.width = columns.length;
    canvas.height = rows.length;
    const context = canvas.getContext("2d");
    const image = context.createImageData(columns.length, rows.length);
    const pixels = new DataView(image.data.buffer);
    const levels = attention.levels(map, state.scale === "one" ? 1 : largest(map));
    for (let i = 0; i < levels.length; ++i) {
      pixels.setUint32(4 * i, levels[i] === attention.notANumber ? 0x808080ff : ramp[levels[i]]);
    }
    context.putImageData(image, 0, 0);
  }

  function thumbnail(map, ramp) {
    const canvas = element("canvas");
    drawThumbnail(canvas, map, ramp);
    const { entropy } = map;
    const label = `layer ${map.layer}, ${headName(map.head)}` + (entropy === undefined ? "" : `, entropy ${entropy.toFixed(1)} bits`);
    const button = element("button", { type: "button", "aria-label": label }, canvas);
    button.map = map;
    button.addEventListener("click", () => select(map.layer, map.head));
    return element("div", {}, button, entropy === undefined ? "" : element("small", { "aria-hidden": "true" }, entropy.toFixed(1)));
  }

  // Where the overview has a line of its own and comes first, it takes the line's width.
  function thumbnailSize(columns) {
    const beside = columns > 7 ? 40 : 52;
    return alone() && view.classList.contains("all-heads")
      ? Math.max(beside, Math.min(84, Math.floor((view.clientWidth - 40) / columns) - 6)) : beside;
  }

  function drawOverview() {
    const { layers, heads, maps, find } = state.group;
    overview.hidden = layers.length * heads.length < 2;
    entropyNote.hidden = !maps.some(({ entropy }) => entropy !== undefined);
    const ramp = colours().map((colour) => parseInt(colour + "ff", 16)); // red, green, blue, opaque
    const shortNames = { mean: "mean", maximum: "max", rollout: "rollout" };
    grid.style.setProperty("--thumbnail", `${thumbnailSize(heads.length)}px`);
    grid.style.gridTemplateColumns = `auto repeat(${heads.length}, var(--thumbnail))`;
    grid.replaceChildren(element("span"), ...heads.map((h) => element("span", {}, shortNames[h] || String(h))));
    for (const l of layers) {
      grid.append(element("span", { class: "layer" }, String(l)), ...heads.map((h) => {
        const map = find(l, h);
        return map ? thumbnail(map, ramp) : element("span");
      }));
    }
    markChosen();
    hintOverview();
    const bar = scaleBar.getContext("2d");
    colours().forEach((colour, i, all) => {
      bar.fillStyle = "#" + colour;
      bar.fillRect(i * 256 / all.length, 0, 2, 1);
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
    const { layers, heads, find } = state.group;
    const [down, right] = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key] || [0, 0];
    if (!down && !right) return;
    event.preventDefault();
    let l = layers.indexOf(state.layer), h = heads.indexOf(state.head);
    do { // past heads that a layer does not have
      l += down;
      h += right;
    } while (layers[l] !== undefined && heads[h] !== undefined && !find(layers[l], heads[h]));
    if (layers[l] === undefined || heads[h] === undefined) return;
    select(layers[l], heads[h]);
    grid.querySelector('[aria-pressed="true"]').focus();
  });

  // Choosing
  function select(l, h) {
    state.layer = l;
    state.head = state.group.find(l, h) ? h : state.group.maps.find((map) => map.layer === l).head;
    layer.select.value = String(l);
    head.select.value = String(state.head);
    drawMap();
    markChosen();
  }

  function showGroup(group) {
    state.group = group.maps ? group : (groups[groups.indexOf(group)] = attention.decodeGroup(group));
    const { layers, heads } = state.group;
    fill(layer.select, layers.map((l) => [l, l]), state.layer);
    fill(head.select, heads.map((h) => [h, Number.isInteger(h) ? h : headName(h)]), state.head);
    const l = layers.includes(state.layer) ? state.layer : layers[layers.length - 1];
    const h = heads.includes(state.head) ? state.head : heads[0];
    layer.box.hidden = layers.length < 2;
    head.box.hidden = heads.length < 2;
    heatMap.forget();
    mapBox.style.flexBasis = alone() ? "100%" : `${mapSpace()}px`;
    drawOverview();
    select(l, h);
  }

  const groups = [...data.attention];
  const titles = unique(groups.map((group) => group.title));
  const groupsOf = (name) => groups.filter((group) => group.title === name);

  function showTitle(name) {
    const kinds = groupsOf(name).map((group) => group.kind);
    const wanted = kind.select.value || state.kind;
    const chosen = kinds.includes(wanted) ? wanted : kinds[0];
    fill(kind.select, kinds.map((k) => [k, k]), chosen);
    kind.box.hidden = kinds.length < 2;
    showGroup(groupsOf(name).find((group) => group.kind === chosen));
  }

  fill(title.select, titles.map((name) => [name, name]), titles[0]);
  title.box.hidden = titles.length < 2;
  fill(form.select, [["map", "map"], ["lines", "lines"]], "map");
  fill(scale.select, [["largest", "up to the largest weight"], ["one", "0 to 1"]], "largest");
  title.select.addEventListener("change", () => showTitle(title.select.value));
  kind.select.addEventListener("change", () => showTitle(title.select.value));
  layer.select.addEventListener("change", () => select(Number(layer.select.value), state.head));
  head.select.addEventListener("change", () =>
    select(state.layer, state.group.heads.find((h) => String(h) === head.select.value)));
  form.select.addEventListener("change", drawMap);
  scale.select.addEventListener("change", () => {
    state.scale = scale.select.value;
    drawOverview();
    drawMap();
  });
  if (!state.layer) state.layer = Math.max(...groups[0].heads.map((h) => h.layer));
  mapWidth = mapBox.clientWidth || 600;
  showTitle(titles[0]);
  onWidth(mapBox, (width) => {
    mapWidth = width;
    if (form.select.value === "map") drawMap();
  });
  onTheme(() => {
    drawOverview();
    if (form.select.value === "lines") drawMap();
  });
})();
