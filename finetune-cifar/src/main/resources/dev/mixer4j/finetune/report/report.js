// Makes the columns of tables with the class "sortable" sort, by click or key.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const ascending = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach(each => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      const value = row => row.cells[column].textContent.replaceAll(",", "");
      const compare = (a, b) => {
        const x = value(a), y = value(b);
        const difference = parseFloat(x) - parseFloat(y);
        return column > 0 && !Number.isNaN(difference) ? difference : x.localeCompare(y);
      };
      const rows = [...body.rows].sort(compare);
      body.append(...(ascending ? rows : rows.reverse()));
    });
  });
}
