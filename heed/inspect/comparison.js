// The charts of a comparison: a line for each model, a band over its seeds, names at the lines' ends.
//
// The data: sections [[{title, xName, unit, mark, markName, low, high, dots,
//   curves: [{name, series, step, mean, least, largest}]}]]
"use strict";

(() => {
  const { data, element, formatValue, formatStep, onWidth } = heed;
  const { linearTicks, formatTick, linePath, bandPath, nearest } = curveMath;

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
    const pad = (high - low) * 0.05;
    // A limit of the scale is shown when the values come near it.
    const near = (limit, value) => limit !== null && Math.abs(limit - value) < 0.5 * (high - low);
    return [near(chart.low, low) ? chart.low : low - pad, near(chart.high, high) ? chart.high : high + pad];
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
    const [low, high] = valueRange(chart);
    const [first, last] = xRange(chart);
    const ticks = linearTicks(low, high, 5);
    const labels = ticks.map((tick) => formatTick(tick, ticks));
    const left = 12 + 7 * Math.max(...labels.map((label) => label.length), 1);
    // Names stand to the right of the lines, where there is room for them.
    const longest = Math.max(0, ...chart.curves.map((curve) => curve.name.length));
    const room = Math.min(7.2 * longest + 16, 150);
    const named = room < 0.34 * width;
    const right = width - (named ? room : 12), top = 8, bottom = height - 40;
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

  // A place on the axis that has a name. Stands before the lines, as their names do.
  function drawMark(svg, chart, s) {
    if (chart.mark === null || chart.mark < s.first || chart.mark > s.last) return;
    const x = Math.round(s.x(chart.mark)) + 0.5;
    svg.append(element("line", { class: "mark", x1: x, x2: x, y1: s.top, y2: s.bottom }));
    const fits = x + 6.2 * chart.markName.length < s.right;
    svg.append(element("text", { class: "mark-name", x: x + (fits ? 5 : -5), y: s.top + 9,
      "text-anchor": fits ? "start" : "end" }, chart.markName));
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

  // Names at the ends of the lines, moved apart where they would overlap, in the lines' order.
  function drawNames(svg, chart, s) {
    const gap = 14;
    const names = chart.curves.map((curve) => ({ curve, place: lastPlace(curve) }))
      .filter(({ place }) => place >= 0)
      .map(({ curve, place }) => ({ curve, y: s.y(curve.mean[place]) }))
      .sort((a, b) => a.y - b.y);
    for (let i = 0; i < names.length; ++i) {
      const least = i ? names[i - 1].y + gap : s.top + 4;
      names[i].y = Math.max(names[i].y, least);
    }
    for (let i = names.length - 1, most = s.bottom; i >= 0; --i, most = names[i + 1].y - gap) {
      names[i].y = Math.min(names[i].y, most);
    }
    for (const { curve, y } of names) {
      svg.append(element("text", { class: "name", x: s.right + 8, y, dy: "0.33em", style: colour(curve) }, curve.name));
    }
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
    item.addEventListener("pointerenter", () => lift(chart, index));
    item.addEventListener("pointerleave", () => lift(chart, undefined));
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
    chart.plot.addEventListener("pointermove", (event) =>
      moveCursor(chart, chart.scales.value(event.offsetX * chart.width / chart.plot.clientWidth)));
    chart.plot.addEventListener("pointerleave", () => clearCursor(chart));
    chart.plot.addEventListener("blur", () => clearCursor(chart));
    chart.plot.addEventListener("keydown", (event) => onKey(chart, event));
    onWidth(chart.plot, (width) => draw(chart, width));
  }

  document.querySelectorAll("[data-charts]").forEach((container) => {
    data.sections[container.dataset.charts].forEach((chart) => addChart(container, chart));
  });
})();
