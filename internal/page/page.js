"use strict";
// Sorting and filtering of the table; the page is complete without it.
(() => {
  const table = document.getElementById("keys");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const texts = new Map(rows.map(r => [r, r.textContent.toLowerCase()]));
  const filter = document.getElementById("filter");
  const status = document.getElementById("status");
  const shown = document.getElementById("shown");

  const update = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    for (const r of rows) {
      const fits = (!status.value || r.dataset.status === status.value) && words.every(w => texts.get(r).includes(w));
      r.hidden = !fits;
      if (fits) n++;
    }
    shown.value = n + " of " + rows.length + " shown";
  };

  const headers = [...table.tHead.rows[0].cells];
  const cell = (r, i) => r.cells[i].textContent.trim();
  headers.forEach((th, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = th.textContent;
    th.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = th.getAttribute("aria-sort") === "ascending";
      for (const h of headers) h.removeAttribute("aria-sort");
      th.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sorted = rows.slice().sort((a, b) => cell(a, i).localeCompare(cell(b, i), "en", {numeric: true}));
      if (down) sorted.reverse();
      body.append(...sorted);
    });
  });

  filter.addEventListener("input", update);
  status.addEventListener("change", update);
  document.getElementById("controls").hidden = false;
  update();
})();
