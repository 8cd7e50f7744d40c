// A Medusa without its dashboard. DATABASE_URL: an empty database that nobody else uses.
"use strict";
const { defineConfig } = require("@medusajs/framework/utils");

const secret = "a shop for a test has none";

module.exports = defineConfig({
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    databaseDriverOptions: { connection: { ssl: false } },
    http: { storeCors: "*", adminCors: "*", authCors: "*", jwtSecret: secret, cookieSecret: secret },
  },
  admin: { disable: true },
});
