// A page must not outlive its session: it asks once a minute, which is no activity, and goes away with it.

const MINUTE = 60_000;

setInterval(async () => {
  const answer = await fetch("/workbench/session", { headers: { "Chartline-Unattended": "true" } }).catch(() => null);
  if (answer?.redirected) location.reload(); // to the sign-in, which leads back to this page
}, MINUTE);
