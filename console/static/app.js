// What pages do beyond htmx: theme, the search key, copying, dialogs in older browsers, charts, focus.
// Runs before the page is drawn, so that a stored theme never flashes. Never writes markup (Trusted Types).
(() => {
  "use strict";
  const root = document.documentElement;
  const one = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // A browser may refuse storage; the page then works with its defaults.
  const recall = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const store = (key, value) => { try { localStorage.setItem(key, value); } catch { /* not kept */ } };

  const announce = (text) => { const place = one("#announcer"); if (place) place.textContent = text; };

  // --- theme: the stored choice, else what the system prefers ---
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (recall("theme") ?? (system.matches ? "dark" : "light")) === "dark";
  function applyTheme() {
    root.dataset.bsTheme = isDark() ? "dark" : "light";
    for (const button of all("[data-theme-toggle]")) button.setAttribute("aria-pressed", String(isDark()));
    drawCharts(document, true);
  }
  function toggleTheme() {
    store("theme", isDark() ? "light" : "dark");
    applyTheme();
    announce(isDark() ? "Dark theme" : "Light theme");
  }

  // --- the search key, which people can switch off (WCAG 2.1.4) ---
  const shortcutsOn = () => recall("shortcuts") !== "off";
  function showShortcuts() {
    for (const button of all("[data-shortcut-toggle]")) button.setAttribute("aria-pressed", String(shortcutsOn()));
  }
  function toggleShortcuts() {
    store("shortcuts", shortcutsOn() ? "off" : "on");
    showShortcuts();
  }
  function focusSearch(event) {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !shortcutsOn()) return;
    if (event.target.closest?.("input, textarea, select, dialog, [contenteditable]")) return;
    const search = one("[data-search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  }

  async function copyText(button) {
    const text = document.getElementById(button.dataset.copy)?.textContent ?? "";
    try {
      await navigator.clipboard.writeText(text);
      announce("Copied");
      button.lastChild.textContent = "Copied";
    } catch {
      announce("Your browser did not allow copying");
      button.lastChild.textContent = "Not copied";
    }
    setTimeout(() => { button.lastChild.textContent = "Copy"; }, 2000);
  }

  // Browsers older than invoker commands (HTML `command`, 2025) get the same behaviour here.
  function runCommand(button) {
    const dialog = document.getElementById(button.getAttribute("commandfor"));
    if (button.getAttribute("command") === "show-modal") dialog?.showModal?.();
    if (button.getAttribute("command") === "close") dialog?.close?.();
  }

  function onClick(event) {
    const button = event.target.closest?.("button");
    if (!button) return;
    if (button.hasAttribute("data-theme-toggle")) toggleTheme();
    else if (button.hasAttribute("data-shortcut-toggle")) toggleShortcuts();
    else if (button.dataset.copy) copyText(button);
    else if (button.hasAttribute("commandfor") && !("commandForElement" in button)) runCommand(button);
  }

  // --- charts: numbers come from a JSON block, colours from the tokens ---
  const charts = new Map();
  const resized = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const plot = charts.get(target);
      if (plot && contentRect.width > 0 && Math.abs(plot.width - contentRect.width) > 1) {
        plot.setSize({ width: contentRect.width, height: 180 });
      }
    }
  });
  const twoDigits = (number) => String(number).padStart(2, "0");
  function axisTime(seconds) {
    const time = new Date(seconds * 1000);
    const day = `${twoDigits(time.getUTCMonth() + 1)}-${twoDigits(time.getUTCDate())}`;
    const clock = `${twoDigits(time.getUTCHours())}:${twoDigits(time.getUTCMinutes())}`;
    return clock === "00:00" ? day : clock;
  }
  const wholeTime = (seconds) => (seconds == null ? "–" : new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " "));
  function chartOptions(place, data) {
    const style = getComputedStyle(place);
    const colour = (name) => paint(place, style.getPropertyValue(name));
    const axis = { stroke: colour("--ink-soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: `12px ${style.fontFamily}` };
    const series = data.series.map((line) => ({
      label: line.label, stroke: colour(`--${line.tone || "info"}`), width: 1.75, points: { show: data.x.length < 3 },
    }));
    return {
      width: place.clientWidth, height: 180, series: [{ label: "Time (UTC)", value: (_, seconds) => wholeTime(seconds) }, ...series],
      axes: [{ ...axis, space: 64, size: 30, values: (_, splits) => splits.map(axisTime) }, { ...axis, size: 52 }], cursor: { drag: { x: false, y: false } },
      scales: { y: { range: (_, low, high) => [Math.min(0, low), Math.max(1, high * 1.1)] } },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    };
  }
  // A canvas does not know light-dark(): let the browser resolve the token to a plain colour.
  function paint(place, value) {
    const before = place.style.color;
    place.style.color = value;
    const plain = getComputedStyle(place).color;
    place.style.color = before;
    return plain;
  }
  function drawChart(place) {
    const data = JSON.parse(document.getElementById(place.dataset.chart).textContent);
    charts.get(place)?.destroy();
    const values = [data.x, ...data.series.map((line) => line.values)];
    charts.set(place, new uPlot(chartOptions(place, data), values, place));
    resized.observe(place);
  }
  function drawCharts(from, again = false) {
    for (const [place, plot] of charts) if (!place.isConnected) { plot.destroy(); charts.delete(place); }
    if (typeof uPlot === "undefined") return;
    for (const place of all("[data-chart]", from)) if (again || !charts.has(place)) drawChart(place);
  }

  // --- after htmx changed the page: draw what is new and keep the keyboard's place ---
  let lastRowBefore = null;
  function beforeSwap(event) {
    const row = event.detail?.ctx?.target?.closest?.("[data-more]");
    lastRowBefore = row ? row.previousElementSibling : null;
  }
  function afterSwap(event) {
    drawCharts(document);
    if (event.detail?.ctx?.hx?.retarget === "#notices") showNotices();
    one("form [data-focus]")?.focus();
    const firstNew = lastRowBefore?.nextElementSibling;
    if (firstNew) { firstNew.tabIndex = -1; firstNew.focus({ preventScroll: true }); }
    lastRowBefore = null;
  }
  // A refusal lands on top of the page: never behind an open dialog, never out of sight.
  function showNotices() {
    for (const dialog of all("dialog[open]")) dialog.close();
    one("#notices").focus();
  }
  function onFailure() {
    announce("The server did not answer. Nothing was changed; try again.");
    const notices = one("#notices");
    if (!notices) return;
    const note = document.createElement("p");
    note.className = "note tone-bad";
    note.textContent = "The server did not answer. Try again.";
    notices.replaceChildren(note);
    showNotices();
  }

  applyTheme();
  system.addEventListener("change", applyTheme);
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", focusSearch);
  document.addEventListener("htmx:before:swap", beforeSwap);
  document.addEventListener("htmx:after:swap", afterSwap);
  document.addEventListener("htmx:error", onFailure);
  document.addEventListener("DOMContentLoaded", () => { applyTheme(); showShortcuts(); });
})();
