// Unfold opens its menus with elements that no keyboard reaches: here they become buttons, and lead into what they open.
"use strict";

(() => {
    const NATIVE = "a[href], button, input, select, textarea, summary, label";
    const BACKDROP = "#changelist-filter-close"; // Escape closes what lies over it
    const REACHABLE = "a[href], button, input, select, [tabindex='0']";

    const makeReachable = () => {
        for (const opener of document.querySelectorAll("[x-on\\:click]")) {
            if (opener.matches(`${NATIVE}, ${BACKDROP}, [tabindex]`)) continue;
            opener.tabIndex = 0;
            opener.setAttribute("role", "button");
        }
        for (const icon of document.querySelectorAll(".material-symbols-outlined[role=button]")) {
            icon.setAttribute("aria-label", icon.getAttribute("x-on:click").includes("sidebar") ? "Menu" : "Open");
        }
    };

    const openedBy = (opener) => opener.getAttribute("x-on:click").includes("filterOpen")
        ? document.getElementById("changelist-filter")
        : opener.parentElement.querySelector("nav");

    const isSeen = (element) => Boolean(element) && element.checkVisibility();

    const enter = (opened) => {
        if (!isSeen(opened)) return;
        const first = [...opened.querySelectorAll(REACHABLE)].find(isSeen);
        if (first) first.focus();
    };

    document.addEventListener("keydown", (event) => {
        const opener = event.target;
        if (event.key !== "Enter" && event.key !== " ") return;
        if (!opener.matches || !opener.matches("[role=button][x-on\\:click]")) return;
        event.preventDefault();
        opener.click();
        setTimeout(() => enter(openedBy(opener)), 50); // when it is there
    });

    document.addEventListener("DOMContentLoaded", makeReachable);
})();
