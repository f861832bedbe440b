// Charts of our own: a few lines of SVG, drawn anew once a second, with the numbers as a table for those who do not see them.
import { el, svg } from './format.js';

const LEFT = 44, RIGHT = 8, TOP = 8, BOTTOM = 20, LABEL = 62;
const LEAST = 60_000;

// Round steps of 1, 2 or 5 times a power of ten.
function ticks(most, wanted) {
  const raw = most / wanted, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find(n => n * power >= raw) * power;
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, i) => i * step);
}

// lines: [{ key, name, class, area }]; format: number to text; read: element that tells the values under the pointer.
export function lineChart(box, { lines, format, least, read, label, idle }) {
  const drawing = svg('svg', { role: 'img' });
  const table = dataTable(label, ['Time', ...lines.map(line => line.name)]);
  box.append(drawing);
  if (lines.length > 1) box.before(key(lines));
  box.after(table.details);
  let points = [], pointer = null;
  read.textContent = idle;

  function redraw() {
    const width = box.clientWidth, height = box.clientHeight;
    if (!width || !points.length) return;
    const end = points.at(-1).time, most = Math.max(least, ...points.flatMap(point => lines.map(line => point[line.key] ?? 0)));
    const levels = ticks(most * 1.05, 3), top = levels.at(-1);
    const span = Math.max(LEAST, end - points[0].time), step = [15_000, 30_000, 60_000, 120_000].find(step => span / step * LABEL < width - LEFT) ?? 300_000;
    const x = time => LEFT + (width - LEFT - RIGHT) * (1 - (end - time) / span);
    const y = value => height - BOTTOM - (height - TOP - BOTTOM) * value / top;
    const parts = levels.flatMap(level => [
      svg('line', { class: level ? 'grid' : 'axis', x1: LEFT, x2: width - RIGHT, y1: y(level), y2: y(level) }),
      svg('text', { x: LEFT - 8, y: y(level) + 4, 'text-anchor': 'end' }, format(level)),
    ]);
    for (let ago = 0; ago <= span; ago += step) {
      const name = ago === 0 ? 'now' : ago % 60_000 ? `−${ago / 1000} s` : `−${ago / 60_000} min`;
      parts.push(svg('text', { x: x(end - ago), y: height - 4, 'text-anchor': ago === 0 ? 'end' : 'middle' }, name));
    }
    for (const line of lines) {
      const path = trace(points, line.key, x, y);
      if (line.area && path) parts.push(svg('path', { class: 'area', d: area(points, line.key, x, y) }));
      parts.push(svg('path', { class: `line ${line.class}`, d: path }));
    }
    if (pointer !== null) parts.push(...under(pointer, x, height, end - span, end, width));
    drawing.replaceChildren(...parts);
    drawing.setAttribute('viewBox', `0 0 ${width} ${height}`);
  }

  function under(at, x, height, start, end, width) {
    const time = start + (end - start) * (at - LEFT) / (width - LEFT - RIGHT);
    const point = points.reduce((best, next) => Math.abs(next.time - time) < Math.abs(best.time - time) ? next : best);
    read.textContent = `${new Date(point.time).toLocaleTimeString('en-GB')}   ${lines.map(line => `${lines.length > 1 ? line.name + ' ' : ''}${point[line.key] == null ? '–' : format(point[line.key], true)}`).join('   ')}`;
    return [svg('line', { class: 'cursor', x1: x(point.time), x2: x(point.time), y1: TOP, y2: height - BOTTOM })];
  }

  box.addEventListener('pointermove', event => { pointer = event.offsetX; draw(); });
  box.addEventListener('pointerleave', () => { pointer = null; read.textContent = idle; draw(); });
  const draw = whenSeen(box, redraw);
  table.onOpen(() => points.toReversed().filter((_, i) => i % 10 === 0).map(point => [new Date(point.time).toLocaleTimeString('en-GB'), ...lines.map(line => point[line.key] == null ? '–' : format(point[line.key], true))]));

  return history => {
    points = history;
    const last = points.at(-1);
    drawing.setAttribute('aria-label', last ? `${label}, last five minutes. Now: ${lines.map(line => `${line.name} ${last[line.key] == null ? 'none' : format(last[line.key], true)}`).join(', ')}. The numbers are in the table below.` : label);
    draw();
    table.refresh();
  };
}

// Draws only what is on the screen: a page that is open all day should cost little.
function whenSeen(box, redraw) {
  let seen = false;
  const draw = () => { if (seen) redraw(); };
  new IntersectionObserver(entries => { seen = entries.at(-1).isIntersecting; draw(); }).observe(box);
  new ResizeObserver(draw).observe(box);
  return draw;
}

// Pieces between seconds without a value.
function trace(points, key, x, y) {
  let path = '', pen = false;
  for (const point of points) {
    const value = point[key];
    if (value != null) path += `${pen ? 'L' : 'M'}${x(point.time).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = value != null;
  }
  return path;
}

function area(points, key, x, y) {
  return `${trace(points, key, x, y)}L${x(points.at(-1).time).toFixed(1)} ${y(0)}L${x(points[0].time).toFixed(1)} ${y(0)}Z`;
}

function key(lines) {
  return el('p', { class: 'key muted', 'aria-hidden': 'true' }, ...lines.map(line => el('span', {}, el('i', { class: line.class }), line.name)));
}

// columns: [{ value, name, class }]; outline: values of the same length or null; marks: [{ at, name, left }], at from 0 to 1.
export function columnChart(box, { label, head, axis, format }) {
  const drawing = svg('svg', { role: 'img' });
  const table = dataTable(label, head);
  box.append(drawing);
  box.after(table.details);
  let state = null;

  function redraw() {
    const width = box.clientWidth, height = box.clientHeight;
    if (!state || !width) return;
    const { columns, outline, marks = [] } = state;
    const most = Math.max(1e-9, ...columns.map(column => column.value), ...(outline ?? []));
    const bottom = height - 18, top = marks.length ? 16 : 6, step = width / columns.length;
    const y = value => bottom - (bottom - top) * value / most;
    const parts = columns.map((column, i) => svg('rect', { class: `column ${column.class ?? ''}`, x: i * step + 1, width: Math.max(1, step - 2), y: y(column.value), height: Math.max(column.value > 0 ? 1 : 0, bottom - y(column.value)) }));
    parts.push(svg('line', { class: 'axis', x1: 0, x2: width, y1: bottom, y2: bottom }));
    if (outline) parts.push(svg('path', { class: 'baseline', d: outline.map((value, i) => `${i ? 'L' : 'M'}${i * step} ${y(value).toFixed(1)}H${(i + 1) * step}`).join('') }));
    for (const mark of marks) {
      const x = mark.at * width, left = mark.left || mark.at > 0.72;
      parts.push(svg('line', { class: 'mark', x1: x, x2: x, y1: 2, y2: bottom }), svg('text', { x: x + (left ? -4 : 4), y: 11, 'text-anchor': left ? 'end' : 'start' }, mark.name));
    }
    parts.push(...axis(columns, step).map(([at, text, anchor = 'middle']) => svg('text', { x: at, y: height - 3, 'text-anchor': anchor }, text)));
    drawing.replaceChildren(...parts);
    drawing.setAttribute('viewBox', `0 0 ${width} ${height}`);
  }

  const draw = whenSeen(box, redraw);
  table.onOpen(() => state.columns.map((column, i) => [column.name, format(column.value), ...(head.length > 2 ? [state.outline ? format(state.outline[i]) : '–'] : [])]));
  return next => {
    state = next;
    drawing.setAttribute('aria-label', `${label}. ${next.summary ?? ''} The numbers are in the table below.`);
    draw();
    table.refresh();
  };
}

// The chart's numbers, filled only while it is open.
function dataTable(label, head) {
  const body = el('tbody');
  const details = el('details', {}, el('summary', {}, 'Numbers'), el('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': label },
    el('table', { 'aria-label': label }, el('thead', {}, el('tr', {}, ...head.map(name => el('th', { scope: 'col' }, name)))), body)));
  let rows = () => [];
  const refresh = () => {
    if (details.open) body.replaceChildren(...rows().map(([first, ...rest]) => el('tr', {}, el('th', { scope: 'row' }, first), ...rest.map(cell => el('td', {}, cell)))));
  };
  details.addEventListener('toggle', refresh);
  return { details, refresh, onOpen: make => { rows = make; } };
}
