"use strict";

// Keeps an open page true: relative times every second, islands every few seconds, as htmx asks for them.
// What has not changed is left alone, and nothing moves the reader's scroll, focus or selection.
(() => {
    const live = document.getElementById("live");
    let etag = "";
    let focused = null;

    const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

    const length = (seconds) => {
        const first = UNITS.findIndex(([size]) => seconds >= size);
        if (first < 0) return "0 s";
        const [size, unit] = UNITS[first];
        const [lesser, lesserUnit] = UNITS[first + 1] || [0, ""];
        const rest = lesser ? Math.floor((seconds % size) / lesser) : 0;
        return `${Math.floor(seconds / size)} ${unit}${rest ? ` ${rest} ${lesserUnit}` : ""}`;
    };

    const relative = (at) => {
        const seconds = Math.round((at - Date.now()) / 1000);
        if (seconds === 0) return "now";
        return seconds > 0 ? `in ${length(seconds)}` : `${length(-seconds)} ago`;
    };

    const tick = () => {
        if (document.visibilityState !== "visible") return;
        for (const time of document.querySelectorAll("time[data-live]")) {
            const at = new Date(time.dateTime);
            const words = relative(at);
            if (time.dataset.live !== words) time.dataset.live = words;
        }
    };

    const rove = () => {
        for (const grid of document.querySelectorAll("[data-roving]")) {
            const links = [...grid.querySelectorAll("a")];
            links.forEach((link, place) => { link.tabIndex = place ? -1 : 0; });
        }
    };

    const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

    document.addEventListener("keydown", (event) => {
        const step = STEPS[event.key];
        const cell = step && event.target.closest("[data-roving] td");
        if (!cell) return;
        const row = cell.parentElement.parentElement.rows[cell.parentElement.sectionRowIndex + step[0]];
        const next = row && row.cells[cell.cellIndex + step[1]] && row.cells[cell.cellIndex + step[1]].querySelector("a");
        if (!next) return;
        event.preventDefault();
        event.target.tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
    });

    const leadsTo = (control) => control.getAttribute("href") || control.getAttribute("formaction");

    const isSelecting = (element) => {
        const selection = document.getSelection();
        return Boolean(selection) && !selection.isCollapsed && selection.containsNode(element, true);
    };

    if (live) {
        live.addEventListener("htmx:configRequest", (event) => {
            if (etag) event.detail.headers["If-None-Match"] = etag;
        });

        live.addEventListener("htmx:beforeOnLoad", (event) => {
            const answer = event.detail.xhr;
            if (!answer.responseURL.endsWith(event.detail.pathInfo.requestPath)) window.location.reload(); // logged out
            if (answer.status === 200) etag = answer.getResponseHeader("ETag") || "";
        });

        live.addEventListener("htmx:beforeSwap", (event) => {
            if (event.detail.xhr.status === 304) {
                event.detail.shouldSwap = false;
                event.detail.isError = false;
            }
        });

        document.addEventListener("htmx:oobBeforeSwap", (event) => {
            const old = event.detail.target;
            const fresh = event.detail.fragment.firstElementChild;
            if (fresh && old.dataset.digest === fresh.dataset.digest) event.detail.shouldSwap = false;
            else if (isSelecting(old)) {
                event.detail.shouldSwap = false;
                etag = ""; // once more, when nothing is selected
            } else if (old.contains(document.activeElement)) {
                focused = { island: old.id, leads: leadsTo(document.activeElement) };
            }
        });

        document.addEventListener("htmx:oobAfterSwap", () => {
            if (focused) {
                const controls = document.querySelectorAll(`#${focused.island} :is(a, button)`);
                const same = [...controls].find((control) => leadsTo(control) === focused.leads);
                if (same) same.focus({ preventScroll: true });
                focused = null;
            }
            rove();
            tick();
        });

        document.addEventListener("visibilitychange", () => {
            if (document.visibilityState === "visible") window.htmx.trigger(live, "look");
        });
    }

    rove();
    tick();
    setInterval(tick, 1000);
})();
