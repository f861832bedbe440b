// Numbers and elements. Whatever comes from a post goes through textContent, never into markup.

const whole = new Intl.NumberFormat('en');
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export const count = n => whole.format(n);
export const time = ms => clock.format(ms);
export const rate = n => n >= 100 ? count(Math.round(n)) : n.toFixed(1);

export function percent(share) {
  const p = 100 * share;
  return (p === 0 || p >= 99.95 ? p.toFixed(0) : p < 0.1 ? '<0.1' : p.toFixed(1)) + ' %';
}

export const share = (part, all) => all > 0 ? percent(part / all) : '–';

// A duration as [number, unit].
export function duration(seconds) {
  if (seconds == null) return ['–', ''];
  if (seconds < 0.000_95) return [(seconds * 1e6).toFixed(seconds < 0.000_01 ? 1 : 0), 'µs'];
  if (seconds < 0.0095) return [(seconds * 1e3).toFixed(1), 'ms'];
  if (seconds < 0.95) return [(seconds * 1e3).toFixed(0), 'ms'];
  if (seconds < 95) return [seconds.toFixed(seconds < 9.5 ? 1 : 0), 's'];
  return seconds < 5400 ? [(seconds / 60).toFixed(0), 'min'] : [(seconds / 3600).toFixed(1), 'h'];
}

export const durationText = seconds => duration(seconds).join(' ').trim();

export function span(seconds) {
  const [d, h, m, s] = [seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map(Math.floor);
  return d ? `${d} d ${h} h` : h ? `${h} h ${m} min` : m ? `${m} min ${s} s` : `${s} s`;
}

export function bytes(n) {
  return n < 1000 ? `${n} bytes` : n < 1e6 ? `${(n / 1000).toFixed(1)} kB` : `${(n / 1e6).toFixed(1)} MB`;
}

export const $ = id => document.getElementById(id);

// Writes only what changed: the browser lays out again what is written.
export function put(id, text) {
  const node = typeof id === 'string' ? $(id) : id;
  if (node.textContent !== text) node.textContent = text;
}

export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter(child => child !== null && child !== undefined));
  return node;
}

// A bar from 0 to 1 with marks; set by script, because the page allows no inline style.
export function meter(value, kind = '', marks = []) {
  const bar = el('b', { class: kind });
  bar.style.width = `${Math.min(100, Math.max(0, 100 * value))}%`;
  const box = el('div', { class: 'meter', 'aria-hidden': 'true' }, bar);
  for (const mark of marks) {
    if (mark == null) continue;
    const line = el('u');
    line.style.left = `${100 * mark}%`;
    box.append(line);
  }
  return box;
}
