// What a program does with AfterShip's own client; DOMAIN, KEY and HOW (API_KEY or AES) say where. Prints what it saw.
const { AfterShip } = require("@aftership/tracking-sdk");

const { DOMAIN, KEY, HOW, NUMBER } = process.env;
const client = new AfterShip({ domain: DOMAIN, api_key: KEY, api_secret: KEY, auth_type: HOW, max_retry: 0 });
const failed = async (call) => {
  try {
    await call();
    return "was done";
  } catch (problem) {
    return [problem.status_code, problem.meta_code, problem.code];
  }
};

async function walk() {
  const { tracking, courier } = client;
  const seen = {};
  const made = await tracking.createTracking({ tracking_number: NUMBER, slug: "usps", title: "A & B, ü", custom_fields: { a: "b" } });
  const id = made.data.id;
  seen.made = [made.data.tracking_number, made.data.slug, made.data.tag, made.data.custom_fields];
  seen.limit = Number(made.response_headers["x-ratelimit-limit"]) > 0;
  seen.again = await failed(() => tracking.createTracking({ tracking_number: NUMBER }));
  seen.one = (await tracking.getTrackingById(id)).data.title;
  seen.listed = (await tracking.getTrackings({ tracking_numbers: NUMBER, limit: 5 })).data.trackings.map((one) => one.id === id);
  seen.begins = (await tracking.getTrackings({ keyword: "9261 29", slug: "usps" })).data.pagination.total;
  seen.updated = (await tracking.updateTrackingById(id, { title: "C", slug: "fedex" })).data.slug;
  seen.completed = (await tracking.markTrackingCompletedById(id, { reason: "LOST" })).data.subtag;
  seen.retracked = (await tracking.retrackTrackingById(id)).data.active;
  seen.deleted = (await tracking.deleteTrackingById(id)).data.id === id;
  seen.gone = await failed(() => tracking.getTrackingById(id));
  seen.couriers = (await courier.getCouriers()).data.couriers.some((one) => one.slug === "usps");
  seen.detected = (await courier.detectCourier({ tracking_number: NUMBER })).data.couriers.map((one) => one.slug);
  return seen;
}

walk().then(
  (seen) => console.log(JSON.stringify(seen)),
  (problem) => {
    console.error(problem);
    process.exitCode = 1;
  },
);
