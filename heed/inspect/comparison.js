// The charts of a comparison: a line for each model, a band over its seeds, names at the lines' ends.
//
// The data: sections [[{title, xName, unit, mark, markName, low, high, dots,
//   curves: [{name, series, step, mean, least, largest}]}]]
"use strict";

(() => {
  const { data, element, formatValue, formatStep, onWidth, onPointer } = heed;
  const { linearTicks, spreadLabels, formatTick, linePath, bandPath, nearest } = curveMath;

  const colourCount = 8;
  const colour = (curve) => `--series: var(--s${curve.series % colourCount})`;
  const dash = (curve) => `dash${Math.floor(curve.series / colourCount) % 3}`;

  function valueRange(chart) {
    let low = Infinity, high = -Infinity;
    for (const curve of chart.curves) {
      for (const value of [...curve.least, ...curve.largest, ...curve.mean]) {
        if (value === null) continue;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    if (low > high) [low, high] = [0, 1];
    if (low === high) [low, high] = [low - 0.5, high + 0.5];
    // A limit of the scale is shown when the values come near it.
    const near = (limit, value) => limit !== null && Math.abs(limit - value) < 0.5 * (high - low);
    return [near(chart.low, low) ? Math.min(chart.low, low) : low - (high - low) * 0.05,
      near(chart.high, high) ? Math.max(chart.high, high) : high];
  }

  function xRange(chart) {
    const all = chart.curves.flatMap((curve) => curve.step);
    let low = Math.min(...all), high = Math.max(...all);
    if (!all.length) return [0, 1];
    if (low <= 0.3 * high) low = Math.min(low, 0);
    return low < high ? [low, high] : [low - 1, high + 1];
  }

  // The last point of a line that is there.
  function lastPlace(curve) {
    for (let i = curve.mean.length - 1; i >= 0; --i) if (curve.mean[i] !== null) return i;
    return -1;
  }

  function scales(chart, width, height) {
    const [low, most] = valueRange(chart);
    const [first, last] = xRange(chart);
    const ticks = linearTicks(low, most, 5, true);
    const high = Math.max(most, ...ticks);
    const labels = ticks.map((tick) => formatTick(tick, ticks));
    const left = 12 + 7 * Math.max(...labels.map((label) => label.length), 1);
    // Names stand to the right of the lines, where there is room for them.
    const longest = Math.max(0, ...chart.curves.map((curve) => curve.name.length));
    const room = Math.min(7.2 * longest + 22, 156);
    const named = room < 0.34 * width;
    // The name of a mark stands above the lines.
    const right = width - (named ? room : 12), top = isMarked(chart, first, last) ? 24 : 8, bottom = height - 40;
    return {
      left, right, top, bottom, ticks, labels, first, last, named,
      x: (value) => left + (right - left) * (value - first) / (last - first),
      y: (value) => bottom - (bottom - top) * (value - low) / (high - low),
      value: (x) => first + (last - first) * (x - left) / (right - left),
    };
  }

  function drawAxes(svg, chart, s) {
    s.ticks.forEach((tick, i) => {
      const y = Math.round(s.y(tick)) + 0.5;
      svg.append(element("line", { class: "grid", x1: s.left, x2: s.right, y1: y, y2: y }));
      svg.append(element("text", { x: s.left - 8, y, dy: "0.33em", "text-anchor": "end" }, s.labels[i]));
    });
    const base = Math.round(s.bottom) + 0.5;
    svg.append(element("line", { class: "axis", x1: s.left, x2: s.right, y1: base, y2: base }));
    const ticks = linearTicks(s.first, s.last, Math.max(2, Math.floor((s.right - s.left) / 65)))
      .filter(Number.isInteger);
    for (const tick of ticks) {
      svg.append(element("text", { x: s.x(tick), y: s.bottom + 17, "text-anchor": "middle" },
        formatTick(tick, ticks)));
    }
    svg.append(element("text", { class: "x-name", x: s.right, y: s.bottom + 33, "text-anchor": "end" }, chart.xName));
  }

  const isMarked = (chart, first, last) => chart.mark !== null && chart.mark >= first && chart.mark <= last;

  // A place on the axis that has a name.
  function drawMark(svg, chart, s) {
    if (!isMarked(chart, s.first, s.last)) return;
    const x = Math.round(s.x(chart.mark)) + 0.5;
    svg.append(element("line", { class: "mark", x1: x, x2: x, y1: s.top, y2: s.bottom }));
    const half = 3.2 * chart.markName.length; // as wide as it may be
    const middle = Math.max(Math.min(x, chart.width - half), half);
    svg.append(element("text", { class: "mark-name", x: middle, y: s.top - 8, "text-anchor": "middle" }, chart.markName));
  }

  function drawCurve(chart, s, curve) {
    const group = element("g", { style: colour(curve) });
    const spread = curve.least.some((value, i) => value !== curve.largest[i]);
    if (spread) group.append(element("path", { class: "band", d: bandPath(s.x, s.y, curve) }));
    group.append(element("path", { class: `line ${dash(curve)}`, d: linePath(s.x, s.y, curve.step, curve.mean) }));
    if (chart.dots) {
      curve.mean.forEach((value, i) => value !== null &&
        group.append(element("circle", { class: "point", r: 2.5, cx: s.x(curve.step[i]), cy: s.y(value) })));
    }
    return group;
  }

  // Names at the ends of the lines, moved apart where they would overlap, in the lines' order; a thin
  // line leads to a name that stands apart from its end.
  function drawNames(svg, chart, s) {
    const names = chart.curves.map((curve) => ({ curve, place: lastPlace(curve) }))
      .filter(({ place }) => place >= 0)
      .map(({ curve, place }) => ({ curve, x: s.x(curve.step[place]), end: s.y(curve.mean[place]) }))
      .sort((a, b) => a.end - b.end);
    const places = spreadLabels(names.map(({ end }) => end), 14, s.top, s.bottom);
    names.forEach(({ curve, x, end }, i) => {
      const y = places[i], from = Math.max(x + 3, s.right - 4);
      if (Math.abs(y - end) > 4 || from > x + 3) {
        svg.append(element("path", { class: "leader", style: colour(curve),
          d: `M${(x + 3).toFixed(1)} ${end.toFixed(1)}H${from.toFixed(1)}L${s.right + 12} ${y.toFixed(1)}` }));
      }
      svg.append(element("text", { class: "name", x: s.right + 15, y, dy: "0.33em", style: colour(curve) }, curve.name));
    });
  }

  function draw(chart, width) {
    const height = Math.max(width < 420 ? 240 : 290, 56 + 14 * chart.curves.length);
    const s = (chart.scales = scales(chart, width, height));
    chart.width = width;
    const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    drawAxes(svg, chart, s);
    chart.groups = chart.curves.map((curve) => drawCurve(chart, s, curve));
    svg.append(...chart.groups);
    drawMark(svg, chart, s);
    if (s.named) drawNames(svg, chart, s);
    chart.cursor = element("g", {});
    svg.append(chart.cursor);
    chart.plot.replaceChildren(svg, chart.tip);
    lift(chart, chart.lifted);
  }

  // One line can be lifted out of the others by its entry in the legend.
  function lift(chart, index) {
    chart.lifted = index;
    chart.groups.forEach((group, i) => {
      group.classList.toggle("lifted", index === i);
      group.classList.toggle("dimmed", index !== undefined && index !== i);
    });
  }

  function readings(chart, x) {
    return chart.curves.map((curve) => {
      const place = nearest(curve, x);
      return place < 0 || curve.mean[place] === null ? null : { curve, place, value: curve.mean[place] };
    }).filter(Boolean).sort((a, b) => b.value - a.value);
  }

  function readingText({ curve, place, value }) {
    const least = curve.least[place], largest = curve.largest[place];
    return formatValue(value) + (least === largest ? "" : ` (${formatValue(least)}–${formatValue(largest)})`);
  }

  function clearCursor(chart) {
    chart.cursor.replaceChildren();
    chart.tip.hidden = true;
  }

  function moveCursor(chart, value) {
    clearCursor(chart);
    const found = readings(chart, value);
    if (!found.length) return;
    const s = chart.scales;
    const at = found[0].curve.step[found[0].place];
    chart.at = at;
    const x = Math.round(s.x(at)) + 0.5;
    chart.cursor.append(element("line", { class: "cursor", x1: x, x2: x, y1: s.top, y2: s.bottom }));
    for (const { curve, place, value } of found) {
      chart.cursor.append(element("circle", { class: "point", r: 3.5, style: colour(curve),
        cx: s.x(curve.step[place]), cy: s.y(value) }));
    }
    const where = `${chart.xName} ${formatStep(at)}`;
    chart.tip.replaceChildren(element("div", { class: "when" }, where), ...found.map((reading) =>
      element("div", { class: "value", style: colour(reading.curve) },
        element("span", {}, reading.curve.name), element("b", {}, readingText(reading)))));
    chart.tip.hidden = false;
    const shown = x * chart.plot.clientWidth / chart.width;
    const left = shown + 14 + chart.tip.offsetWidth > chart.plot.clientWidth
      ? shown - 14 - chart.tip.offsetWidth : shown + 14;
    chart.tip.style.transform = `translate(${Math.max(0, left)}px, 4px)`;
    chart.plot.setAttribute("aria-valuenow", at);
    chart.plot.setAttribute("aria-valuetext",
      `${where}: ` + found.map((reading) => `${reading.curve.name} ${readingText(reading)}`).join(", "));
  }

  function onKey(chart, event) {
    const places = [...new Set(chart.curves.flatMap((curve) => curve.step))].sort((a, b) => a - b);
    if (event.key === "Escape") clearCursor(chart);
    if (!places.length) return;
    const from = chart.at === undefined ? places.length - 1 : places.indexOf(chart.at);
    const target = { ArrowLeft: from - 1, ArrowRight: from + 1, ArrowDown: from - 1, ArrowUp: from + 1,
      Home: 0, End: places.length - 1 }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    moveCursor(chart, places[Math.min(Math.max(target, 0), places.length - 1)]);
  }

  function legendItem(chart, curve, index) {
    const item = element("li", {}, element("span", { class: `series ${dash(curve)}`, style: colour(curve) }, curve.name));
    const hovers = (event) => event.pointerType !== "touch"; // a finger lifts by its tap, and lets go by another
    item.addEventListener("pointerenter", (event) => hovers(event) && lift(chart, index));
    item.addEventListener("pointerleave", (event) => hovers(event) && lift(chart, undefined));
    item.addEventListener("click", (event) => hovers(event) || lift(chart, chart.lifted === index ? undefined : index));
    return item;
  }

  function addChart(container, description) {
    const chart = { ...description };
    const last = Math.max(0, ...chart.curves.flatMap((curve) => curve.step));
    chart.tip = element("div", { class: "tip", hidden: true });
    chart.plot = element("div", { class: "plot", tabindex: 0, role: "slider", "aria-valuemin": 0,
      "aria-valuemax": last, "aria-valuenow": 0, "aria-valuetext": "no place chosen",
      "aria-label": `${chart.title}, by ${chart.xName}` });
    container.append(element("figure", { class: "chart" },
      element("div", { class: "chart-head" }, element("h3", {}, chart.title),
        element("span", { class: "unit" }, chart.unit)),
      element("ul", { class: "legend" }, ...chart.curves.map((curve, i) => legendItem(chart, curve, i))),
      chart.plot));
    onPointer(chart.plot, (event) => {
      const area = chart.plot.getBoundingClientRect();
      moveCursor(chart, chart.scales.value((event.clientX - area.left) * chart.width / area.width));
    }, () => clearCursor(chart));
    chart.plot.addEventListener("blur", () => clearCursor(chart));
    chart.plot.addEventListener("keydown", (event) => onKey(chart, event));
    onWidth(chart.plot, (width) => draw(chart, width));
  }

  document.querySelectorAll("[data-charts]").forEach((container) => {
    data.sections[container.dataset.charts].forEach((chart) => addChart(container, chart));
  });
})();
