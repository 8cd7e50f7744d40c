// A Vendure shop in memory with one product, one way of shipping and one of paying.
// PORT: where it listens on the loopback. Says "vendure is ready" when it may be visited; SIGTERM ends it.
"use strict";
const { mkdtempSync, rmSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { bootstrap, DefaultLogger, dummyPaymentHandler, LanguageCode, LogLevel } = require("@vendure/core");
const { populate } = require("@vendure/core/cli");

process.once("SIGTERM", () => process.exit(0)); // Vendure's own shutdown waits for idle connections

const config = {
  apiOptions: { hostname: "127.0.0.1", port: Number(process.env.PORT), adminApiPath: "admin-api", shopApiPath: "shop-api" },
  authOptions: {
    tokenMethod: "bearer",
    superadminCredentials: { identifier: process.env.SHOP_USER, password: process.env.SHOP_PASSWORD },
    cookieOptions: { secret: "a shop in memory has none" },
  },
  dbConnectionOptions: { type: "sqljs", synchronize: true },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  logger: new DefaultLogger({ level: LogLevel.Warn }),
};

const shop = {
  defaultLanguage: LanguageCode.en,
  defaultZone: "Europe",
  countries: [{ code: "DE", name: "Germany", zone: "Europe" }],
  taxRates: [{ name: "Standard", percentage: 19 }],
  shippingMethods: [{ name: "Parcel", price: 490 }],
  paymentMethods: [
    { name: "Card", handler: { code: dummyPaymentHandler.code, arguments: [{ name: "automaticSettle", value: "true" }] } },
  ],
  collections: [],
};

const columns = "name,slug,description,assets,facets,optionGroups,optionValues,sku,price,taxCategory,stockOnHand,trackInventory,variantAssets,variantFacets";
const folder = mkdtempSync(join(tmpdir(), "vendure-"));
const products = join(folder, "products.csv");
writeFileSync(products, `${columns}\nPaper lantern,paper-lantern,,,,,,LANTERN-1,19.00,Standard,1000,false,,\n`);

populate(() => bootstrap(config), shop, products)
  .then(() => console.log("vendure is ready"))
  .catch((problem) => {
    console.error(problem);
    process.exit(1);
  })
  .finally(() => rmSync(folder, { recursive: true }));
