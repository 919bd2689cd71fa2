// What the console's pages need beside Unfold's own scripts: times in the reader's zone, and answers taken over.
"use strict";

(function () {
    const PREFERENCE = "console-times";
    const whole = new Intl.DateTimeFormat(undefined, {
        weekday: "short", year: "numeric", month: "short", day: "numeric",
        hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
    });
    const short = new Intl.DateTimeFormat(undefined, {
        weekday: "short", hour: "2-digit", minute: "2-digit", hour12: false, timeZoneName: "short",
    });
    const clock = new Intl.DateTimeFormat("sv-SE", { // as the server writes it: 2026-06-01 09:00:00
        year: "numeric", month: "2-digit", day: "2-digit",
        hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
    });

    function prefersOwnZone() {
        return localStorage.getItem(PREFERENCE) === "own";
    }

    // In UTC, and on hover in the reader's own zone; or, as they have chosen, the other way round.
    function localise(root) {
        const isOwn = prefersOwnZone();
        root.querySelectorAll("time[datetime]").forEach(function (time) {
            const moment = new Date(time.dateTime);
            if (isNaN(moment)) {
                return;
            }
            if (time.hasAttribute("data-local") && moment.getTimezoneOffset() !== 0) {
                time.textContent = short.format(moment);
            }
            time.dataset.utc = time.dataset.utc || time.textContent.trim();
            const isClock = time.dataset.utc.endsWith("UTC");
            if (isClock) {
                time.textContent = isOwn ? clock.format(moment) : time.dataset.utc;
            }
            time.title = isOwn && isClock ? time.dataset.utc : whole.format(moment);
        });
    }

    function sayZone() {
        document.querySelectorAll("[data-times]").forEach(function (button) {
            const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
            button.textContent = prefersOwnZone() ? "Times: " + zone : "Times: UTC";
        });
    }

    function changeZone(event) {
        if (event.target.closest("[data-times]")) {
            localStorage.setItem(PREFERENCE, prefersOwnZone() ? "utc" : "own");
            sayZone();
            localise(document);
        }
    }

    function useExpression(event) {
        const button = event.target.closest("[data-use-expression]");
        const field = document.getElementById("id_expression");
        if (button && field) {
            field.value = button.dataset.useExpression;
            field.dispatchEvent(new Event("input", { bubbles: true }));
            field.focus();
        }
    }

    function seconds(text) {
        return Math.round((Date.now() - new Date(text)) / 1000);
    }

    function length(count) {
        const minutes = Math.floor(count / 60);
        return minutes ? minutes + " min " + (count % 60) + " s" : count + " s";
    }

    function tick() {
        document.querySelectorAll("[data-since]").forEach(function (lasting) {
            const count = seconds(lasting.dataset.since);
            lasting.textContent = count < 0 ? "not yet" : length(count);
        });
        document.querySelectorAll("[data-countdown]").forEach(function (waiting) {
            const left = -seconds(waiting.dataset.countdown);
            waiting.textContent = left > 0 ? ", in " + length(left) : "";
        });
    }

    function landmark() {
        const content = document.getElementById("content");
        if (content && !document.querySelector("main, [role=main]")) {
            content.setAttribute("role", "main");
            content.tabIndex = -1;
        }
    }

    document.addEventListener("DOMContentLoaded", function () {
        landmark();
        sayZone();
        localise(document);
        tick();
        setInterval(tick, 1000);
    });
    document.addEventListener("htmx:oobAfterSwap", function () {
        localise(document);
        tick();
    });
    document.addEventListener("htmx:afterSwap", function (event) {
        localise(event.target);
    });
    document.addEventListener("click", useExpression);
    document.addEventListener("click", changeZone);
})();
