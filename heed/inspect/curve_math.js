// What the charts need to know about numbers: smoothing, ticks, paths, places on a curve.
"use strict";

const curveMath = (() => {
  // Mean of the neighbours on both sides, weighted by decay^distance: unlike a running mean it does
  // not lag behind the curve. Gaps (null) stay gaps and carry no weight.
  function smooth(values, decay) {
    const sums = new Float64Array(values.length), weights = new Float64Array(values.length);
    const sweep = (from, direction) => {
      let sum = 0, weight = 0;
      for (let n = 0, i = from; n < values.length; ++n, i += direction) {
        sums[i] += sum;
        weights[i] += weight;
        const known = values[i] !== null;
        sum = decay * (sum + (known ? values[i] : 0));
        weight = decay * (weight + (known ? 1 : 0));
      }
    };
    sweep(0, 1);
    sweep(values.length - 1, -1);
    return values.map((value, i) => value === null ? null : (sums[i] + value) / (weights[i] + 1));
  }

  // Whether a curve goes up and down often enough to need smoothing; a learning rate does not.
  function isNoisy({ mean }) {
    let turns = 0;
    for (let i = 2; i < mean.length; ++i) {
      if ((mean[i] - mean[i - 1]) * (mean[i - 1] - mean[i - 2]) < 0) ++turns;
    }
    return turns > 0.1 * mean.length;
  }

  function linearTicks(low, high, wanted) {
    const rough = (high - low) / wanted;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * 0.999);
    const ticks = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; ++i) {
      ticks.push(i * step);
    }
    return ticks;
  }

  function logarithmicTicks(low, high, wanted) {
    const decades = Math.log10(high / low);
    if (decades < 0.7) return linearTicks(low, high, wanted);
    const factors = decades > 4 ? [1] : decades > 1.6 ? [1, 3] : [1, 2, 5];
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; ++power) {
      for (const factor of factors) {
        const tick = factor * 10 ** power;
        if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
      }
    }
    return ticks;
  }

  function formatTick(tick, ticks) {
    if (tick === 0) return "0";
    const largest = Math.max(...ticks.map(Math.abs));
    if (largest >= 1e5) return formatCompact(tick);
    if (largest < 0.001 || Math.abs(tick) < 1e-4) return tick.toExponential().replace(/(\.\d)\d+/, "$1");
    return tick.toLocaleString("en", { maximumSignificantDigits: 4 });
  }
  const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
  const formatCompact = (value) => compact.format(value).replace("K", "k");

  // The path of the finite stretches of a line. The "h0" makes a lone point among gaps a dot.
  function linePath(x, y, steps, values) {
    let path = "", drawing = false;
    values.forEach((value, i) => {
      if (value !== null) {
        const at = `${x(steps[i]).toFixed(1)} ${y(value).toFixed(1)}`;
        path += drawing ? `L${at}` : `M${at}h0`;
      }
      drawing = value !== null;
    });
    return path;
  }

  function bandPath(x, y, curve) {
    const places = curve.step.map((_, i) => i).filter((i) => curve.mean[i] !== null);
    if (!places.length) return "";
    const at = (i, values) => `${x(curve.step[i]).toFixed(1)} ${y(values[i]).toFixed(1)}`;
    return "M" + places.map((i) => at(i, curve.largest)).join("L") + "L" +
      places.reverse().map((i) => at(i, curve.least)).join("L") + "Z";
  }

  // The place of the point nearest to a step, or -1.
  function nearest(curve, step) {
    let low = 0, high = curve.step.length - 1;
    if (high < 0) return -1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (curve.step[middle] <= step) low = middle;
      else high = middle;
    }
    return step - curve.step[low] <= curve.step[high] - step ? low : high;
  }

  // The place of the best point, or -1.
  function bestPlace(curve) {
    let best = -1;
    curve.mean.forEach((value, i) => {
      if (value === null || !curve.better) return;
      const improves = best < 0 ||
        (curve.better === "lower" ? value < curve.mean[best] : value > curve.mean[best]);
      if (improves) best = i;
    });
    return best;
  }

  return { smooth, isNoisy, linearTicks, logarithmicTicks, formatTick, linePath, bandPath, nearest, bestPlace };
})();
