// The ward's clock over an axis that runs in UTC: no hour stands twice on it, none is missing.
// `zone.offsets`: from when the clock is how many minutes ahead, oldest first.
"use strict";

const wardClock = (zone) => {
  const HOUR = 3600000;
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const two = (n) => String(n).padStart(2, "0");
  const spans = zone.offsets.map((offset, n) => ({
    label: offset.label,
    ahead: offset.minutes * 60000,
    from: n ? wardClock.utc(offset.from) : -Infinity,
    to: n + 1 < zone.offsets.length ? wardClock.utc(zone.offsets[n + 1].from) : Infinity,
  }));

  function read(ms) {
    const span = spans.find((one) => ms < one.to);
    const on = new Date(ms + span.ahead);
    return {
      day: `${on.getUTCDate()} ${MONTHS[on.getUTCMonth()]}`,
      date: on.toISOString().slice(0, 10),
      time: `${two(on.getUTCHours())}:${two(on.getUTCMinutes())}`,
      // where the clock was changed, a time without its offset says too little
      offset: spans.length > 1 ? ` ${span.label}` : "",
    };
  }

  // round hours and days of the ward's clock, `most` of them
  function ticks(from, to, most) {
    const step = HOUR * ([1, 2, 3, 6, 12, 24, 48, 96, 168].find((h) => (to - from) / (h * HOUR) <= most) ?? 336);
    const found = [];
    for (const span of spans) {
      const begin = Math.max(from, span.from) + span.ahead;
      const end = Math.min(to, span.to - 1) + span.ahead;
      for (let at = Math.ceil(begin / step) * step; at <= end; at += step) found.push(at - span.ahead);
    }
    return {
      tickmode: "array",
      tickvals: found.map((ms) => new Date(ms).toISOString().slice(0, 19)),
      ticktext: found.map((ms) => { const at = read(ms); return `${at.time}<br>${at.day}`; }),
    };
  }

  return {
    ticks,
    hover: (text) => { const at = read(wardClock.utc(text)); return `${at.day} ${at.time}${at.offset}`; },
    full: (ms) => { const at = read(ms); return `${at.date} ${at.time}${at.offset}`; },
  };
};

// a place on the axis in milliseconds
wardClock.utc = (text) => Date.parse(`${text.replace(" ", "T")}Z`);
