// The list of runs narrows, and the search answers, without a server.
"use strict";

function narrowRuns(form) {
  const rows = [...document.querySelectorAll("tbody tr[data-state]")];
  const count = document.getElementById("count");
  function narrow() {
    let shown = 0;
    for (const row of rows) {
      const fits = [...form.elements].every((field) => !field.value || !field.name || row.dataset[field.name] === field.value);
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    count.textContent = `${shown} of ${rows.length}`;
  }
  form.hidden = false;
  form.addEventListener("input", narrow);
  narrow();
}

function answer(asked) {
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
  const found = words.length ? window.SITE_INDEX.filter((line) => {
    const text = `${line[0]} ${line[1]} ${line[3]}`.toLowerCase();
    return words.every((word) => text.includes(word));
  }) : [];
  const list = document.getElementById("results");
  list.replaceChildren(...found.slice(0, 100).map(item));
  const more = found.length > 100 ? ", the first 100 are shown" : "";
  document.getElementById("answer").textContent = words.length ? `${found.length} found for “${asked}”${more}.` : "Type into the field above.";
}

function item([kind, title, address, more]) {
  const entry = document.createElement("li");
  const link = document.createElement("a");
  link.href = address;
  link.textContent = title;
  const under = document.createElement("span");
  under.className = "soft";
  under.textContent = ` ${kind}: ${more}`;
  entry.append(link, document.createElement("br"), under);
  return entry;
}

const filter = document.getElementById("filter");
if (filter) narrowRuns(filter);
if (window.SITE_INDEX) {
  const field = document.getElementById("find");
  field.value = new URLSearchParams(location.search).get("q") || "";
  field.addEventListener("input", () => answer(field.value));
  answer(field.value);
}
