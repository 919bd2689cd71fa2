"use strict";

// Swagger UI is dark where its root element says so; the reader's system decides, now and when it changes.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dress();
dark.addEventListener("change", dress);

// Nothing is added to a request: what is copied as a command holds only what the reader has typed.
SwaggerUIBundle({
    url: document.getElementById("swagger-ui").dataset.description,
    dom_id: "#swagger-ui",
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    validatorUrl: null,
    onComplete: () => {
        const servers = document.getElementById("servers");
        if (servers) servers.setAttribute("aria-label", "Server");
    },
});
