// The charts: raw and smoothed lines, linear and logarithmic axes, one cursor over all of them.
"use strict";

(() => {
  const { data, element, formatValue, formatStep, onWidth, onPointer } = heed;
  const { smooth, isNoisy, linearTicks, logarithmicTicks, formatTick, linePath, bandPath, nearest, bestPlace } =
    curveMath;
  const container = document.getElementById("charts");
  if (!container) return;

  const smoothableCount = 40; // fewer points are shown as they are, with dots
  const slider = document.getElementById("smoothing");
  const sliderValue = document.getElementById("smoothing-value");
  const charts = [];
  let smoothing = 0.9;

  // On a logarithmic axis the logarithms are smoothed, so that the line stays amid the points.
  function smoothChart(chart) {
    const into = chart.isLogarithmic ? Math.log : (value) => value;
    const back = chart.isLogarithmic ? Math.exp : (value) => value;
    const unlessGap = (change) => (value) => (value === null ? null : change(value));
    for (const curve of chart.curves) {
      curve.smoothed = smooth(curve.mean.map(unlessGap(into)), smoothing).map(unlessGap(back));
    }
  }

  const isSmoothed = (curve) => smoothing > 0 && curve.canBeSmoothed;

  // The least and largest value drawn; both positive when the axis is logarithmic.
  function valueRange(chart) {
    let low = Infinity, high = -Infinity;
    for (const curve of chart.curves) {
      for (const values of [curve.mean, curve.least, curve.largest]) {
        for (const value of values || []) {
          if (value === null || (chart.isLogarithmic && value <= 0)) continue;
          low = Math.min(low, value);
          high = Math.max(high, value);
        }
      }
    }
    if (low > high) return [0, 1];
    if (chart.isLogarithmic) return low === high ? [low / 2, high * 2] : [low / 1.06, high];
    if (low === high) return low === 0 ? [0, 1] : [low - Math.abs(low) / 10, high + Math.abs(high) / 10];
    return [low >= 0 && low < high * 0.4 ? 0 : low - (high - low) * 0.05, high];
  }

  function stepRange() {
    let low = Infinity, high = -Infinity;
    for (const chart of charts) {
      for (const { step } of chart.curves) {
        if (step.length) {
          low = Math.min(low, step[0]);
          high = Math.max(high, step[step.length - 1]);
        }
      }
    }
    if (low > high) return [0, 1];
    if (low <= 0.2 * high) low = Math.min(low, 0); // else the run was resumed: no empty stretch
    return low < high ? [low, high] : [high - 1, high + 1];
  }

  function canBeLogarithmic(chart) {
    const values = chart.curves.flatMap((curve) => curve.least || curve.mean).filter((value) => value !== null);
    return chart.logarithmic && values.length > 0 && values.every((value) => value > 0);
  }

  function scales(chart, width, height) {
    const [low, most] = valueRange(chart);
    const ticks = (chart.isLogarithmic ? logarithmicTicks : linearTicks)(low, most, 5, true);
    const high = Math.max(most, ...ticks);
    const labels = ticks.map((tick) => formatTick(tick, ticks));
    const left = 12 + 7 * Math.max(...labels.map((label) => label.length), 1);
    const right = width - 10, top = 8, bottom = height - 26;
    const [first, last] = stepRange();
    const place = chart.isLogarithmic ? Math.log : (value) => value;
    const span = place(high) - place(low);
    return {
      left, right, top, bottom, ticks, labels, first, last,
      x: (step) => left + (right - left) * (step - first) / (last - first),
      y: (value) => bottom - (bottom - top) * (place(value) - place(low)) / span,
      step: (x) => first + (last - first) * (x - left) / (right - left),
    };
  }

  function drawAxes(svg, s) {
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
      const x = s.x(tick);
      const anchor = x > s.right - 14 ? "end" : x < s.left + 4 ? "start" : "middle";
      svg.append(element("text", { x, y: s.bottom + 19, "text-anchor": anchor }, formatTick(tick, ticks)));
    }
  }

  function drawCurve(svg, s, curve, index) {
    const group = element("g", { style: `--series: var(--s${index % 6})` });
    if (curve.least) group.append(element("path", { class: "band", d: bandPath(s.x, s.y, curve) }));
    const smoothed = isSmoothed(curve);
    group.append(element("path", {
      class: smoothed ? "line raw" : "line", d: linePath(s.x, s.y, curve.step, curve.mean),
    }));
    if (smoothed) {
      group.append(element("path", { class: "line", d: linePath(s.x, s.y, curve.step, curve.smoothed) }));
    }
    const dot = (i, attributes) =>
      element("circle", { cx: s.x(curve.step[i]), cy: s.y(curve.mean[i]), ...attributes });
    if (curve.mean.length < smoothableCount) {
      curve.mean.forEach((value, i) => value !== null && group.append(dot(i, { class: "point", r: 2.25 })));
    }
    const best = bestPlace(curve);
    if (best >= 0) {
      const mark = dot(best, { class: "point best", r: 4 });
      mark.append(element("title", {}, `best: ${formatValue(curve.mean[best])} at step ${formatStep(curve.step[best])}`));
      group.append(mark);
    }
    svg.append(group);
  }

  function draw(chart, width) {
    chart.width = width;
    const height = width < 420 ? 210 : 250;
    const s = (chart.scales = scales(chart, width, height));
    const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    drawAxes(svg, s);
    chart.curves.forEach((curve, index) => drawCurve(svg, s, curve, index));
    chart.cursor = element("g", {});
    svg.append(chart.cursor);
    chart.plot.replaceChildren(svg, chart.tip);
  }

  // Values near the cursor; a curve with few points answers with its nearest one and that step.
  function readings(chart, step) {
    return chart.curves.map((curve, index) => {
      const place = nearest(curve, step);
      return place < 0 ? null : {
        index, name: curve.name, step: curve.step[place], raw: curve.mean[place],
        shown: isSmoothed(curve) ? curve.smoothed[place] : curve.mean[place],
        smoothed: isSmoothed(curve),
      };
    }).filter(Boolean);
  }

  const readingText = (reading) => reading.raw === null ? "not finite"
    : formatValue(reading.shown) + (reading.smoothed ? ` (raw ${formatValue(reading.raw)})` : "");

  function showTip(chart, step, found) {
    const main = found.reduce((a, b) => Math.abs(b.step - step) < Math.abs(a.step - step) ? b : a);
    chart.tip.replaceChildren(element("div", { class: "when" }, `step ${formatStep(main.step)}`));
    for (const reading of found) {
      const when = reading.step === main.step ? "" : ` at ${formatStep(reading.step)}`;
      chart.tip.append(element("div", { class: "value", style: `--series: var(--s${reading.index % 6})` },
        element("span", {}, reading.name + when), element("b", {}, readingText(reading))));
    }
    chart.tip.hidden = false;
    const x = chart.scales.x(main.step);
    const width = chart.tip.offsetWidth;
    const left = x + 14 + width > chart.width ? x - 14 - width : x + 14;
    chart.tip.style.transform = `translate(${Math.max(0, left)}px, 4px)`;
  }

  function showCursor(active, step) {
    for (const chart of charts) {
      chart.cursor.replaceChildren();
      chart.tip.hidden = true;
      const found = step === null ? [] : readings(chart, step);
      if (!found.length) continue;
      const s = chart.scales;
      const x = Math.round(s.x(Math.min(Math.max(step, s.first), s.last))) + 0.5;
      chart.cursor.append(element("line", { class: "cursor", x1: x, x2: x, y1: s.top, y2: s.bottom }));
      for (const reading of found) {
        if (reading.raw === null) continue;
        chart.cursor.append(element("circle", {
          class: "point", r: 3.5, cx: s.x(reading.step), cy: s.y(reading.shown),
          style: `--series: var(--s${reading.index % 6})`,
        }));
      }
      if (chart === active) showTip(chart, step, found);
    }
  }

  // The cursor is a slider to the keyboard and to screen readers.
  function moveCursor(chart, step) {
    const longest = chart.curves.reduce((a, b) => (b.step.length > a.step.length ? b : a));
    const place = nearest(longest, step);
    if (place < 0) return;
    chart.place = place;
    chart.step = longest.step[place];
    showCursor(chart, chart.step);
    chart.plot.setAttribute("aria-valuenow", chart.step);
    chart.plot.setAttribute("aria-valuetext", `step ${formatStep(chart.step)}: ` +
      readings(chart, chart.step).map((r) => `${r.name} ${readingText(r)}`).join(", "));
  }

  function onKey(chart, event) {
    const longest = chart.curves.reduce((a, b) => (b.step.length > a.step.length ? b : a));
    const last = longest.step.length - 1;
    const stride = Math.max(1, Math.round(last / 20));
    const from = chart.place === undefined ? last : chart.place;
    const target = {
      ArrowLeft: from - 1, ArrowRight: from + 1, ArrowDown: from - 1, ArrowUp: from + 1,
      PageDown: from - stride, PageUp: from + stride, Home: 0, End: last,
    }[event.key];
    if (event.key === "Escape") showCursor(chart, null);
    if (target === undefined || last < 0) return;
    event.preventDefault();
    moveCursor(chart, longest.step[Math.min(Math.max(target, 0), last)]);
  }

  function legendItem(curve, index) {
    const item = element("li", { style: `--series: var(--s${index % 6})` }, curve.name + " ");
    const last = curve.mean.filter((value) => value !== null).pop();
    if (last !== undefined) item.append(element("b", {}, formatValue(last)));
    const best = bestPlace(curve);
    if (best >= 0 && curve.mean[best] !== last) item.append(`, best ${formatValue(curve.mean[best])}`);
    if (curve.notFinite) item.append(`, ${formatStep(curve.notFinite)} not finite`);
    return item;
  }

  function logarithmicSwitch(chart) {
    const button = element("button", { type: "button", class: "switch", "aria-pressed": String(chart.isLogarithmic),
      "aria-label": `${chart.title}: logarithmic axis` }, "log");
    button.addEventListener("click", () => {
      chart.isLogarithmic = !chart.isLogarithmic;
      button.setAttribute("aria-pressed", chart.isLogarithmic);
      smoothChart(chart);
      draw(chart, chart.width);
    });
    return button;
  }

  function addChart(description) {
    const chart = { ...description };
    const [low, high] = valueRange({ ...chart, isLogarithmic: true });
    chart.isLogarithmic = canBeLogarithmic(chart) && high / low > 200;
    for (const curve of chart.curves) {
      curve.canBeSmoothed = curve.mean.length >= smoothableCount && isNoisy(curve);
    }
    chart.tip = element("div", { class: "tip", hidden: true });
    chart.plot = element("div", { class: "plot", tabindex: 0, role: "slider",
      "aria-label": `${chart.title}, by step`, "aria-valuemin": 0, "aria-valuenow": 0, "aria-valuetext": "no step chosen" });
    const head = element("div", { class: "chart-head" }, element("h3", {}, chart.title),
      element("span", { class: "unit" }, chart.unit));
    if (canBeLogarithmic(chart)) head.append(logarithmicSwitch(chart));
    chart.figure = element("figure", { class: "chart" }, head,
      element("ul", { class: "legend" }, ...chart.curves.map(legendItem)), chart.plot);
    container.append(chart.figure);
    charts.push(chart);
    onPointer(chart.plot, (event) => {
      const area = chart.plot.getBoundingClientRect();
      moveCursor(chart, chart.scales.step((event.clientX - area.left) * chart.width / area.width));
    }, () => showCursor(chart, null));
    chart.plot.addEventListener("blur", () => showCursor(chart, null));
    chart.plot.addEventListener("keydown", (event) => onKey(chart, event));
  }

  data.charts.forEach(addChart);
  charts.forEach(smoothChart);
  const last = stepRange()[1];
  for (const chart of charts) {
    chart.plot.setAttribute("aria-valuemax", last);
    onWidth(chart.plot, (width) => draw(chart, width));
  }
  if (charts.some((chart) => chart.curves.some((curve) => curve.canBeSmoothed))) {
    document.getElementById("curve-controls").hidden = false;
  }
  slider.addEventListener("input", () => {
    smoothing = slider.value / 100;
    sliderValue.textContent = smoothing.toFixed(2);
    charts.forEach((chart) => {
      smoothChart(chart);
      draw(chart, chart.width);
    });
  });
})();
