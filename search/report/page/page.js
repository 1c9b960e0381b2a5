"use strict";
for (const button of document.querySelectorAll("button")) {
  const table = button.closest(".numbers").querySelector("table");
  const text = (cell) => cell.innerText.replace(/\s+/g, " ").trim();
  button.hidden = false;
  button.addEventListener("click", async () => {
    const rows = [...table.rows].map((row) => [...row.cells].map(text).join("\t"));
    getSelection().selectAllChildren(table);
    try {
      await navigator.clipboard.writeText(rows.join("\n"));
      button.textContent = "copied";
    } catch {
      button.textContent = "selected: press Ctrl+C";
    }
  });
}
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
