// Shows messages that come while no page is open, and opens what they are about.
self.addEventListener("push", (event) => {
  const { title, body, url, tag } = event.data ? event.data.json() : {};
  if (title) event.waitUntil(self.registration.showNotification(title, { body, tag, data: url, icon: "/static/mark.svg" }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data));
});
