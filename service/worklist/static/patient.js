// The time line: lanes on one axis, drawn by the chart library from the service's own data; and the
// `as of` handle, which asks the service for the panes at a moment.
"use strict";

(() => {
  const story = document.getElementById("story");
  const drawing = document.getElementById("drawing");
  const slider = document.getElementById("slider");
  const slid = document.getElementById("slid");
  const toNow = document.getElementById("to-now");
  if (!story) return;

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const narrow = () => window.innerWidth < 700;
  let data = null;
  let clock = null; // reads the axis as the ward does
  const utc = (text) => wardClock.utc(text);

  fetch(story.dataset.timeline)
    .then((answer) => { if (!answer.ok) throw new Error(answer.status); return answer.json(); })
    .then((held) => { data = held; clock = wardClock(held.zone); table(); draw(); handle(); })
    .catch(() => { drawing.textContent = "The time line could not be drawn. The panes below are complete."; });

  // --- drawing

  function draw() {
    const colour = {
      text: css("text"), muted: css("muted"), line: css("line"), ground: css("ground"),
      accent: css("accent"), critical: css("critical"), warning: css("warning"), watch: css("watch"),
      good: css("good"), soft: css("soft"), hatch: css("hatch"), none: css("line"), "list-only": css("list"),
    };
    const lanes = lanesOf();
    const traces = [];
    const shapes = [];
    const notes = [];
    drugs(traces, lanes, colour);
    vitals(traces, shapes, notes, colour);
    blocks(traces, colour);
    tiers(traces, colour);
    marks(traces, colour);
    clockChanges(shapes, notes, colour);
    const layout = layoutOf(lanes, shapes, notes, colour);
    // the handle runs along the axis: the thumb is 16 px wide, its middle is the moment
    const handle = slider.closest("label");
    handle.firstElementChild.style.width = `${layout.margin.l - 8}px`;
    handle.style.paddingRight = `${layout.margin.r - 8}px`;
    drawing.replaceChildren();
    drawing.classList.add("drawn");
    Plotly.newPlot(drawing, traces, layout, {
      displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: "reset",
    });
    drawing.on("plotly_relayout", (moved) => {
      if (!Object.keys(moved).some((name) => name.startsWith("xaxis.range") || name === "xaxis.autorange")) return;
      const shown = clock.ticks(...drawing.layout.xaxis.range.map(utc), narrow() ? 4 : 12);
      Plotly.relayout(drawing, { "xaxis.tickvals": shown.tickvals, "xaxis.ticktext": shown.ticktext });
    });
    showMoment();
  }

  const lanesOf = () => data.drugs.map((lane) => lane.name);
  // shares of the height, bottom to top
  const AXES = [
    ["y", 0.1], ["y2", 0.1], ["y3", 0.13], ["y4", 0.13], ["y5", 0.13], ["y6", 0.17], ["y7", 0.18],
  ];

  function drugs(traces, lanes, colour) {
    const fill = {
      antagonist: colour.critical, dopaminergic: colour.watch, treatment: colour.good,
    };
    const WIDTH = { order: 10, given: 12, tail: 10, "late-tail": 10, gap: 12, "as-needed": 3 };
    const OPACITY = { order: 0.55, given: 1, tail: 0.35, "late-tail": 0.15, gap: 1, "as-needed": 0.7 };
    for (const lane of data.drugs) {
      for (const part of lane.parts) {
        if (part.style === "dose") continue;
        const gap = part.style === "gap";
        traces.push({
          x: [part.from, part.to], y: [lane.name, lane.name], yaxis: "y7", mode: "lines",
          line: {
            color: gap ? colour.warning : fill[lane.kind], width: WIDTH[part.style],
            dash: gap ? "3px,3px" : part.style === "as-needed" ? "dot" : "solid",
          },
          opacity: OPACITY[part.style],
          hovertext: `${lane.name}<br>${part.label}<br>${clock.hover(part.from)} to ${clock.hover(part.to)}<br>${part.source}`,
          hoverinfo: "text", showlegend: false,
        });
      }
      const doses = lane.parts.filter((part) => part.style === "dose");
      traces.push({
        x: doses.map((d) => d.at), y: doses.map(() => lane.name), yaxis: "y7", mode: "markers",
        marker: { symbol: "line-ns-open", size: 14, color: fill[lane.kind], line: { width: 2 } },
        hovertext: doses.map((d) => `${lane.name}<br>${d.label}<br>${clock.hover(d.at)}<br>${d.source}`),
        hoverinfo: "text", showlegend: false,
      });
    }
  }

  function points(list, name, axis, colour, symbol = "circle", dash = "solid") {
    return {
      x: list.map((p) => p.at), y: list.map((p) => p.value), yaxis: axis, name, mode: "lines+markers",
      line: { color: colour, width: 1.5, dash }, marker: { color: colour, size: 6, symbol },
      hovertext: list.map((p) => `${name} ${p.value} ${unit(p.unit)}${p.note ? `, ${p.note}` : ""}<br>${clock.hover(p.at)}<br>${p.source}`),
      hoverinfo: "text", showlegend: false,
    };
  }

  const unit = (code) => ({ Cel: "°C", "mm[Hg]": "mmHg", "/min": "/min" }[code] ?? code);

  function line(shapes, notes, axis, value, words, colour) {
    shapes.push({
      type: "line", xref: "paper", x0: 0, x1: 1, yref: axis, y0: value, y1: value,
      line: { color: colour, width: 1, dash: "dash" },
    });
    notes.push({
      xref: "paper", x: 1, xanchor: "right", yref: axis, y: axis === "y3" ? Math.log10(value) : value,
      yanchor: "bottom", text: words, showarrow: false, font: { size: 11, color: colour },
    });
  }

  function vitals(traces, shapes, notes, colour) {
    const limits = data.limits;
    traces.push(points(data.temperature, "temperature", "y6", colour.critical));
    line(shapes, notes, "y6", limits.fever, `${limits.fever.toFixed(1)} °C`, colour.warning);
    line(shapes, notes, "y6", limits.high_fever, `${limits.high_fever.toFixed(1)} °C`, colour.critical);
    traces.push(points(data.pulse, "pulse", "y5", colour.accent));
    traces.push(points(data.respiration, "respiration", "y5", colour.good, "diamond", "dot"));
    for (const [name, tone] of [["heart_rate", colour.accent], ["respiratory_rate", colour.good]]) {
      const own = limits.baseline[name];
      shapes.push({
        type: "rect", xref: "paper", x0: 0, x1: 1, yref: "y5", y0: own.value, y1: own.raised,
        fillcolor: tone, opacity: 0.12, line: { width: 0 }, layer: "below",
      });
    }
    notes.push({
      xref: "paper", x: 0, xanchor: "left", yref: "y5", y: limits.baseline.heart_rate.value, yanchor: "top",
      text: `band: ${limits.baseline.heart_rate.quality} baseline to raised`, showarrow: false,
      font: { size: 11, color: colour.muted },
    });
    const diastolic = new Map(data.diastolic.map((p) => [p.at, p]));
    const pairs = data.systolic.map((p) => [p, diastolic.get(p.at)]).filter(([, d]) => d);
    const single = data.systolic.filter((p) => !diastolic.has(p.at));
    traces.push({
      x: pairs.flatMap(([s]) => [s.at, s.at, null]), y: pairs.flatMap(([s, d]) => [s.value, d.value, null]),
      yaxis: "y4", mode: "lines", line: { color: colour.text, width: 3 }, showlegend: false,
      hovertext: pairs.flatMap(([s, d]) => {
        const words = `BP ${s.value}/${d.value} mmHg<br>${clock.hover(s.at)}<br>${s.source}`;
        return [words, words, ""];
      }),
      hoverinfo: "text",
    });
    traces.push({ ...points(single, "systolic BP", "y4", colour.text), mode: "markers" });
    traces.push(points(data.ck, "CK", "y3", colour.warning, "square"));
    line(shapes, notes, "y3", limits.ck, `${limits.ck_words}: ${limits.ck.toLocaleString("en")} U/L`, colour.warning);
  }

  // words beside the marks of a lane: only where they run over no other mark and not out of the
  // drawing; what is left out is told on hover and in the table
  function labelled(found) {
    const width = drawing.clientWidth - (narrow() ? 112 : 136);
    const [begin, end] = [utc(data.from), utc(data.to)];
    const spots = found.map((b) => ((utc(b.at) - begin) / (end - begin)) * width);
    const sides = found.map(() => "");
    let taken = width; // from here the lane is written on: the newest words come first
    for (let n = found.length - 1; n >= 0; n -= 1) {
      const room = found[n].label.length * 6.2 + 14;
      const fresh = n === 0 || found[n - 1].label !== found[n].label;
      const begun = n ? spots[n - 1] + 8 : 0;
      if (fresh && spots[n] + room <= taken) sides[n] = "middle right";
      else if (fresh && spots[n] - room >= begun) sides[n] = "middle left";
      taken = spots[n] - (sides[n] === "middle left" ? room : 8);
    }
    return sides;
  }

  function blocks(traces, colour) {
    const tone = { true: colour.critical, false: colour.good, unknown: colour.hatch };
    const symbol = { true: "square", false: "circle-open", unknown: "x-thin-open" };
    for (const lane of ["tone", "consciousness"]) {
      const found = data.blocks.filter((b) => b.lane === lane).sort((a, b) => utc(a.at) - utc(b.at));
      const sides = labelled(found);
      traces.push({
        x: found.map((b) => b.at), y: found.map(() => lane), yaxis: "y2", mode: "markers+text",
        text: found.map((b, n) => (sides[n] ? b.label : "")),
        textposition: sides.map((side) => side || "middle right"), textfont: { size: 11, color: colour.text },
        marker: {
          size: 11, color: found.map((b) => tone[b.state]), symbol: found.map((b) => symbol[b.state]),
          line: { width: 2, color: found.map((b) => tone[b.state]) },
        },
        hovertext: found.map((b) => `${lane}: ${b.label}<br>${clock.hover(b.at)}<br>${b.source}`), hoverinfo: "text",
        showlegend: false, cliponaxis: false,
      });
    }
  }

  function tiers(traces, colour) {
    for (const part of data.tiers) {
      traces.push({
        x: [part.from, part.to], y: ["tier", "tier"], yaxis: "y", mode: "lines",
        line: { color: colour[part.tone] ?? colour.line, width: 12 },
        hovertext: `${part.label}<br>score ${part.score}<br>${clock.hover(part.from)} to ${clock.hover(part.to)}`, hoverinfo: "text", showlegend: false,
      });
    }
  }

  function marks(traces, colour) {
    for (const [kind, symbol, tone] of [["alert", "triangle-up", colour.critical], ["action", "circle", colour.accent]]) {
      const found = data.marks.filter((m) => m.kind === kind);
      traces.push({
        x: found.map((m) => m.at), y: found.map(() => "events"), yaxis: "y", mode: "markers",
        marker: { symbol, size: 10, color: tone }, hovertext: found.map((m) => `${m.label}<br>${clock.hover(m.at)}`),
        hoverinfo: "text", showlegend: false,
      });
    }
  }

  // where the ward's clock was put forward or back
  function clockChanges(shapes, notes, colour) {
    for (const offset of data.zone.offsets.slice(1)) {
      shapes.push({
        type: "line", x0: offset.from, x1: offset.from, yref: "paper", y0: 0, y1: 1, layer: "below",
        line: { color: colour.hatch, width: 1, dash: "dot" },
      });
      notes.push({
        x: offset.from, yref: "paper", y: 0, xanchor: "left", yanchor: "bottom", showarrow: false,
        text: `clock ${offset.label}`, font: { size: 11, color: colour.muted },
      });
    }
  }

  function layoutOf(lanes, shapes, notes, colour) {
    const rest = 26 * Math.max(2, lanes.length);
    const height = 620 + rest;
    AXES.at(-1)[1] = rest / height;
    const total = AXES.reduce((sum, [, part]) => sum + part, 0);
    const layout = {
      height, margin: { l: narrow() ? 96 : 120, r: 16, t: 8, b: 56 }, shapes, annotations: notes,
      paper_bgcolor: colour.ground, plot_bgcolor: colour.ground, hovermode: "closest",
      font: { family: "system-ui, sans-serif", size: 12, color: colour.text },
      hoverlabel: { bgcolor: colour.soft, bordercolor: colour.hatch, font: { color: colour.text } },
      xaxis: {
        type: "date", range: [data.from, data.to], gridcolor: colour.line, linecolor: colour.line,
        anchor: "y", ...clock.ticks(utc(data.from), utc(data.to), narrow() ? 4 : 12),
        title: { text: data.zone.label, font: { size: 11 }, standoff: 4 },
      },
      dragmode: "zoom",
    };
    let at = 0;
    const titles = {
      y: "", y2: "", y3: "CK U/L", y4: "BP mmHg", y5: "pulse, resp.", y6: "temp. °C", y7: "",
    };
    for (const [name, part] of AXES) {
      const size = part / total;
      const axis = {
        domain: [at + 0.012, at + size - 0.012], gridcolor: colour.line, zeroline: false, fixedrange: true,
        title: { text: titles[name], font: { size: 11 }, standoff: 4 }, automargin: false, linecolor: colour.line,
      };
      if (name === "y3") axis.type = "log";
      if (name === "y3") axis.dtick = 1;
      if (name === "y") Object.assign(axis, { type: "category", categoryarray: ["events", "tier"], range: [-0.7, 1.7], categoryorder: "array" });
      if (name === "y2") Object.assign(axis, { type: "category", categoryarray: ["consciousness", "tone"], range: [-0.7, 1.7], categoryorder: "array" });
      if (name === "y6") axis.range = range(data.temperature, 36, 40.6);
      if (name === "y5") axis.range = range([...data.pulse, ...data.respiration], 8, 130);
      if (name === "y4") axis.range = range([...data.systolic, ...data.diastolic], 50, 170);
      if (name === "y3") {
        const most = Math.max(data.limits.ck * 2, ...data.ck.map((p) => p.value));
        axis.range = [Math.log10(Math.max(10, Math.min(100, ...data.ck.map((p) => p.value)) * 0.8)), Math.log10(most * 1.6)];
      }
      if (name === "y7") {
        Object.assign(axis, { type: "category", categoryarray: [...lanes].reverse(), categoryorder: "array", range: [-0.6, Math.max(1, lanes.length) - 0.4] });
        if (!lanes.length) axis.title.text = "no drug of these kinds";
      }
      layout[name === "y" ? "yaxis" : `yaxis${name.slice(1)}`] = axis;
      at += size;
    }
    return layout;
  }

  function range(list, low, high) {
    const values = list.map((p) => p.value);
    return [Math.min(low, ...values) - 0.4, Math.max(high, ...values) + 0.4];
  }

  // --- the same as a table

  function table() {
    const rows = [];
    const add = (list, what) => { for (const p of list) rows.push([p.at, what, `${p.value} ${unit(p.unit)}${p.note ? ` (${p.note})` : ""}`, p.source]); };
    add(data.temperature, "temperature"); add(data.pulse, "pulse"); add(data.respiration, "respiration");
    add(data.systolic, "systolic BP"); add(data.diastolic, "diastolic BP"); add(data.ck, "CK");
    for (const b of data.blocks) rows.push([b.at, b.lane, b.label, b.source]);
    for (const m of data.marks) rows.push([m.at, m.kind, m.label, ""]);
    for (const lane of data.drugs) for (const p of lane.parts) rows.push([p.at ?? p.from, lane.name, p.label, p.source]);
    rows.sort((a, b) => (a[0] < b[0] ? 1 : a[0] > b[0] ? -1 : 0));
    const body = document.querySelector("#as-table tbody");
    for (const cells of rows) {
      const row = body.insertRow();
      for (const [n, cell] of cells.entries()) row.insertCell().textContent = n ? cell : clock.full(utc(cell));
    }
  }

  // --- as of

  let asked = 0;
  let timer = 0;
  const moment = () => {
    const [begin, end] = [utc(data.from), utc(data.to)];
    return new Date(begin + ((end - begin) * slider.value) / 1000);
  };
  const isNow = () => Number(slider.value) >= 1000;
  const onAxis = () => moment().toISOString().slice(0, 19);

  function handle() {
    slider.hidden = false;
    toNow.hidden = false;
    slider.addEventListener("input", () => {
      showMoment();
      clearTimeout(timer);
      timer = setTimeout(fetchPanes, 120);
    });
    toNow.addEventListener("click", () => { slider.value = 1000; showMoment(); fetchPanes(); });
    document.getElementById("moment").addEventListener("submit", (event) => event.preventDefault());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  }

  function showMoment() {
    slid.textContent = isNow() ? "now" : clock.full(moment().getTime());
    if (!drawing.layout) return;
    const rest = drawing.layout.shapes.filter((shape) => shape.name !== "as-of");
    Plotly.relayout(drawing, {
      shapes: [...rest, {
        name: "as-of", type: "line", x0: onAxis(), x1: onAxis(), yref: "paper", y0: 0, y1: 1,
        line: { color: css("accent"), width: 2 },
      }],
    });
  }

  async function fetchPanes() {
    const mine = ++asked;
    const address = new URL(story.dataset.panes, location.href);
    if (!isNow()) address.searchParams.set("at", moment().toISOString());
    try {
      const answer = await fetch(address);
      if (answer.status === 401) { location.reload(); return; }
      const text = await answer.text();
      if (mine !== asked || !answer.ok) return;
      performance.mark("panes-in");
      const parts = new DOMParser().parseFromString(text, "text/html");
      for (const part of parts.querySelectorAll("[data-part]")) {
        document.getElementById(part.dataset.part).replaceChildren(...part.childNodes);
      }
      performance.measure("panes-shown", "panes-in");
    } catch {
      slid.textContent += " (not connected: the panes below are older)";
    }
  }
})();
