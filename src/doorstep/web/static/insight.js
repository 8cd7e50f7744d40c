// Draws the numbers of a table as lines. The table beside it stays: it holds the same numbers for everybody.
const drawn = [];

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function draw(place) {
  const table = document.getElementById(place.dataset.of);
  const rows = [...table.tBodies[0].rows];
  const heads = [...table.tHead.rows[0].cells];
  const lines = heads.flatMap((head, at) => (head.dataset.line ? [{ at, label: head.textContent, tone: head.dataset.line }] : []));
  const x = rows.map((row) => Date.parse(row.dataset.x) / 1000);
  const y = lines.map((line) => rows.map((row) => { const said = row.cells[line.at].dataset.y; return said ? Number(said) : null; }));
  if (y.every((line) => line.filter((one) => one !== null).length < 2)) return;
  place.hidden = false;
  const axis = { stroke: colour("soft"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 } };
  const plot = new uPlot({
    width: place.clientWidth, height: 220, tzDate: (at) => uPlot.tzDate(new Date(at * 1e3), "UTC"),
    scales: { y: { range: (_, __, most) => [0, Math.ceil(most * 1.1) || 1] } },
    axes: [{ ...axis, values: "{D} {MMM}", space: 64 }, { ...axis, values: (_, some) => some.map((one) => `${one} d`) }],
    series: [{ value: "{D} {MMM}" }, ...lines.map((line) => ({ label: line.label, stroke: colour(line.tone), width: 2, points: { size: 6 }, value: (_, one) => (one === null ? "–" : `${one} d`) }))],
  }, [x, ...y], place);
  drawn.push([place, plot]);
}

function drawAll() {
  for (const [, plot] of drawn.splice(0)) plot.destroy();
  for (const place of document.querySelectorAll(".plot")) { place.hidden = true; draw(place); }
}

drawAll();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
addEventListener("resize", () => { for (const [place, plot] of drawn) plot.setSize({ width: place.clientWidth, height: 220 }); });
