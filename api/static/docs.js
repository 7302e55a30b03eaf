"use strict";

// Starts Swagger UI. It is a file, because the policy of the pages allows no inline script.
SwaggerUIBundle({
  url: document.getElementById("swagger-ui").dataset.document,
  dom_id: "#swagger-ui",
  layout: "BaseLayout",
  deepLinking: true,
  showExtensions: true,
  showCommonExtensions: true,
  // Without this, the document is sent to a validator on another host.
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
