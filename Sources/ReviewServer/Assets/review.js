// Shows a number's page at once when a selection changes; without this the button does it.
for (const select of document.querySelectorAll("[data-submit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
  select.form.querySelector("button").hidden = true;
}

// A page kept by the browser may be older than the newest verdicts.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// Tallies that would have kept the page waiting, one after the other.
for (const place of document.querySelectorAll("[data-fetch]")) {
  const answer = await fetch(place.dataset.fetch);
  if (!answer.ok) {
    place.textContent = "The count could not be made; reload the page to try again.";
    continue;
  }
  const part = document.createElement("template");
  part.innerHTML = await answer.text();
  place.replaceWith(part.content);
}

const bench = document.querySelector("[data-frame]");
if (bench) startFrame(bench);

function startFrame(bench) {
  const items = [...bench.querySelectorAll("li[data-detection]")];
  const status = bench.querySelector("[data-status]");
  const faintBox = bench.querySelector("[data-faint]");
  const dialog = document.querySelector("dialog.rename");
  const find = dialog.querySelector("[data-find]");
  const names = [...dialog.querySelectorAll("[data-label]")];
  let selected = null;
  let busy = false;

  const mark = (item) =>
    bench.querySelector(`g[data-detection="${CSS.escape(item.dataset.detection)}"]`);
  const visible = () => items.filter((item) => item.offsetParent !== null);

  function say(text, isBad = false) {
    status.textContent = text;
    status.classList.toggle("bad", isBad);
  }

  function select(item, focus = true) {
    for (const part of bench.querySelectorAll(".selected")) part.classList.remove("selected");
    selected = item;
    if (!item) return;
    item.classList.add("selected");
    const shape = mark(item);
    shape.classList.add("selected");
    // Last drawn is on top.
    shape.parentNode.append(shape);
    if (focus) item.focus({ preventScroll: true });
    reveal(item);
    thinOut();
  }

  // Scrolls the list, never the page.
  function reveal(item) {
    const list = item.parentNode;
    if (item.offsetTop < list.scrollTop + list.offsetTop) {
      list.scrollTop = item.offsetTop - list.offsetTop;
    } else if (item.offsetTop + item.offsetHeight > list.scrollTop + list.offsetTop + list.clientHeight) {
      list.scrollTop = item.offsetTop + item.offsetHeight - list.offsetTop - list.clientHeight;
    }
  }

  function move(step) {
    const shown = visible();
    if (!shown.length) return;
    const place = shown.indexOf(selected);
    const next = place < 0 ? (step > 0 ? 0 : shown.length - 1) : place + step;
    select(shown[(next + shown.length) % shown.length]);
  }

  function showFaint(isOn) {
    bench.classList.toggle("with-faint", isOn);
    faintBox.checked = isOn;
    if (selected && selected.offsetParent === null) select(null);
    thinOut();
  }

  // Where texts would lie on each other, the lower scores keep their number only; a detection that
  // is selected or pointed at shows all of its own.
  function thinOut() {
    const shapes = items.map(mark).filter((shape) => shape.getClientRects().length);
    for (const shape of shapes) shape.classList.remove("crowded");
    shapes.sort((a, b) => b.classList.contains("selected") - a.classList.contains("selected"));
    const rings = new Map(
      shapes.map((shape) => [shape, shape.querySelector(".ring").getBoundingClientRect()]),
    );
    const texts = [];
    for (const shape of shapes) {
      const box = shape.querySelector("text").getBoundingClientRect();
      const meets = (other) =>
        other.left < box.right && box.left < other.right && other.top < box.bottom &&
        box.top < other.bottom;
      const others = shapes.filter((other) => other !== shape).map((other) => rings.get(other));
      if ([...others, ...texts].some(meets)) shape.classList.add("crowded");
      texts.push(shape.querySelector("text").getBoundingClientRect());
    }
  }

  function show(state) {
    const before = new Map();
    for (const detection of state.detections) {
      const item = items.find((item) => item.dataset.detection === String(detection.id));
      if (!item) continue;
      const shape = mark(item);
      for (const part of [item, shape]) {
        part.classList.remove("machine", "confirm", "reject", "rename");
        part.classList.add(detection.state);
        part.classList.toggle("faint", detection.isFaint);
      }
      item.querySelector("[data-name]").textContent = detection.shownName;
      item.querySelector("[data-said]").textContent = detection.stateText;
      const what = ` ${detection.shownName} ${detection.scoreText}`;
      shape.querySelector(".what").textContent = what;
      const text = shape.querySelector("text");
      text.setAttribute("x", detection.textX);
      text.setAttribute("text-anchor", detection.isRight ? "end" : "start");
    }
    bench.querySelector("[data-count]").textContent = state.countText;
    bench.querySelector("[data-faint-count]").textContent = state.faint;
    const place = bench.querySelector("[data-tally]");
    for (const row of place.querySelectorAll("tr[data-label]")) {
      before.set(row.dataset.label, Number(row.querySelector("[data-maxn]").textContent));
    }
    showTally(place, state.tally);
    thinOut();
    return state.tally.rows
      .filter((row) => (before.get(row.label) ?? 0) !== row.maxN)
      .map((row) => `MaxN of ${row.name}: ${before.get(row.label) ?? 0} → ${row.maxN}.`);
  }

  function showTally(place, tally) {
    const body = place.querySelector("tbody");
    for (const row of tally.rows) {
      let line = [...body.rows].find((line) => line.dataset.label === row.label);
      if (!line) {
        line = newLine(row);
        body.append(line);
      }
      const count = line.querySelector("[data-maxn]");
      line.classList.toggle("changed", count.textContent !== String(row.maxN));
      line.classList.toggle("zero", row.isZero);
      count.textContent = row.maxN;
      line.querySelector("[data-mean]").textContent = row.meanCountText;
      const at = line.querySelector("[data-at]");
      at.replaceChildren();
      if (row.maxNHref) {
        const link = document.createElement("a");
        link.href = row.maxNHref;
        link.textContent = row.maxNTime;
        at.append(link);
      }
    }
    // A label that only reviewers gave leaves the tally with its last individual.
    for (const line of [...body.rows]) {
      if (!tally.rows.some((row) => row.label === line.dataset.label)) line.remove();
    }
    place.querySelector("[data-reviewed]").textContent = tally.reviewedText;
    const unseen = place.querySelector("[data-unseen]");
    unseen.textContent = tally.unseenText ?? "";
    unseen.parentNode.hidden = !tally.unseenText;
  }

  function newLine(row) {
    const line = document.createElement("tr");
    line.dataset.label = row.label;
    const head = document.createElement("th");
    head.scope = "row";
    const link = document.createElement("a");
    link.href = row.filterHref;
    link.textContent = row.name;
    head.append(link);
    if (row.scientific) {
      const latin = document.createElement("i");
      latin.textContent = row.scientific;
      head.append(" ", latin);
    }
    line.append(head);
    for (const part of ["maxn", "at", "mean", "threshold"]) {
      const cell = document.createElement("td");
      cell.className = part === "maxn" ? "number maxn" : "number";
      cell.dataset[part] = "";
      if (part === "threshold") cell.textContent = row.thresholdText;
      line.append(cell);
    }
    return line;
  }

  async function answered(request) {
    const answer = await request;
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(body.error ?? `the server answered ${answer.status}`);
    return body;
  }

  async function judge(kind, label) {
    if (!selected) return say("Select a detection first: n, or click on one.");
    if (busy) return;
    const item = selected;
    if (kind === "undo" && item.classList.contains("machine")) {
      return say("There is no verdict to take back.");
    }
    busy = true;
    const number = item.querySelector(".number").textContent;
    try {
      const state = await answered(
        fetch(bench.dataset.verdicts, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ detection: Number(item.dataset.detection), kind, label }),
        }),
      );
      const changes = show(state);
      const done = { confirm: "confirmed", reject: "rejected", rename: "renamed", undo: "as the machine has it" };
      say(`${number} ${done[kind]}. ${changes.join(" ")}`);
      if (item.offsetParent === null) move(1);
      else reveal(item);
    } catch (error) {
      say(`Not saved: ${error.message}`, true);
    } finally {
      busy = false;
    }
  }

  function openRename() {
    if (!selected) return say("Select a detection first: n, or click on one.");
    find.value = "";
    filterNames();
    dialog.showModal();
    find.focus();
  }

  function filterNames() {
    const wanted = find.value.trim().toLowerCase();
    for (const name of names) {
      const text = `${name.textContent} ${name.dataset.label}`.toLowerCase();
      name.parentNode.hidden = !text.includes(wanted);
    }
  }

  function choose(name) {
    dialog.close();
    judge("rename", name.dataset.label);
  }

  find.addEventListener("input", filterNames);
  dialog.addEventListener("keydown", (event) => {
    const shown = names.filter((name) => !name.parentNode.hidden);
    if (event.key === "Enter" && event.target === find) {
      event.preventDefault();
      if (shown.length) choose(shown[0]);
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const place = shown.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1);
      (shown[place] ?? find).focus();
    }
  });
  for (const name of names) name.addEventListener("click", () => choose(name));
  dialog.addEventListener("close", () => selected?.focus({ preventScroll: true }));

  for (const item of items) {
    item.addEventListener("focus", () => select(item, false));
    item.addEventListener("click", (event) => {
      select(item);
      const act = event.target.closest("[data-act]")?.dataset.act;
      if (act) act === "rename" ? openRename() : judge(act);
    });
    mark(item).addEventListener("click", () => select(item));
  }
  faintBox.addEventListener("change", () => showFaint(faintBox.checked));

  const go = (rel) => document.querySelector(`.step a[rel="${rel}"]`)?.click();
  const keys = {
    n: () => move(1),
    ArrowDown: () => move(1),
    p: () => move(-1),
    ArrowUp: () => move(-1),
    c: () => judge("confirm"),
    x: () => judge("reject"),
    r: openRename,
    u: () => judge("undo"),
    j: () => go("next"),
    ArrowRight: () => go("next"),
    k: () => go("prev"),
    ArrowLeft: () => go("prev"),
    b: () => showFaint(!faintBox.checked),
    l: () => bench.classList.toggle("no-names"),
    o: () => bench.classList.toggle("no-boxes"),
  };
  document.addEventListener("keydown", (event) => {
    if (dialog.open || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (!Object.hasOwn(keys, key)) return;
    event.preventDefault();
    keys[key]();
  });

  // Another reviewer may have judged while this page was out of sight.
  document.addEventListener("visibilitychange", async () => {
    if (document.visibilityState !== "visible" || busy) return;
    try {
      show(await answered(fetch(bench.dataset.state)));
    } catch {
      say("The server does not answer; is fishcam review still running?", true);
    }
  });

  const picture = bench.querySelector("[data-picture]");
  const explain = async () => {
    const answer = await fetch(picture.src);
    say(answer.ok ? "The picture cannot be shown." : await answer.text(), true);
  };
  if (picture) {
    picture.addEventListener("error", explain);
    if (picture.complete && picture.naturalWidth === 0) explain();
  }
  if (bench.dataset.nextPicture && picture) {
    const ahead = () => (new Image().src = bench.dataset.nextPicture);
    picture.complete ? ahead() : picture.addEventListener("load", ahead, { once: true });
  }
  thinOut();
  addEventListener("resize", thinOut);
  if (items.length) select(visible()[0] ?? null, false);
}
