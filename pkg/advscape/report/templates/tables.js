"use strict";
// tables are whole without this; with it their rows can be sorted and searched
for (const table of document.querySelectorAll("table.sorted")) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const search = document.createElement("label");
  search.className = "search";
  search.append("Rows with ");
  const input = search.appendChild(document.createElement("input"));
  input.type = "search";
  const found = search.appendChild(document.createElement("span"));
  found.setAttribute("role", "status");
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
    const shown = rows.filter((row) => !row.hidden).length;
    found.textContent = input.value ? `${shown} of ${rows.length} rows` : "";
  });
  table.parentElement.before(search);
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => row.cells[column].textContent;
      // empty cells stand last, whichever way
      const order = (a, b) => {
        if (key(a) === "" || key(b) === "") return (key(a) === "") - (key(b) === "");
        const numbers = Number(key(a)) - Number(key(b));
        const larger = Number.isNaN(numbers) ? key(a).localeCompare(key(b)) : numbers;
        return up ? larger : -larger;
      };
      body.append(...rows.sort(order));
    });
  });
}
