// An OpenID provider for tests: `node provider.mjs SETTINGS`. SETTINGS is JSON: `package` (the folder of
// oidc-provider), `client_id`, `client_secret`, `redirect_uri`, `people` (handle, name, email, groups), `thin` (whether
// the claims about people are in userinfo alone, as oidc-provider is delivered) and `ready`, the file that gets the
// issuer's address once the provider answers. Its sign-in page shows the people as buttons; a click signs that person
// in, without asking for consent.
import { createServer } from "node:http";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const settings = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { Provider } = await import(pathToFileURL(join(settings.package, "lib/index.js")));
const people = new Map(settings.people.map((person) => [person.handle, person]));

const server = createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: settings.client_id,
      client_secret: settings.client_secret,
      redirect_uris: [settings.redirect_uri],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  pkce: { required: () => true },
  claims: { openid: ["sub"], profile: ["name", "preferred_username"], email: ["email", "email_verified"], groups: ["groups"] },
  // Unless the provider is thin, the groups are in the ID token, as with most providers.
  conformIdTokenClaims: settings.thin,
  cookies: { keys: ["a key of the rig"] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, handle) => people.has(handle) && { accountId: handle, claims: () => claims(people.get(handle)) },
  async loadExistingGrant(context) {
    const { client, session } = context.oidc;
    const grant = new context.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope("openid profile email groups");
    await grant.save();
    return grant;
  },
});

function claims(person) {
  const { handle, name, email, groups } = person;
  return { sub: handle, preferred_username: handle, name, email, email_verified: true, groups };
}

async function interact(request, response) {
  await provider.interactionDetails(request, response);
  if (request.method !== "POST") {
    const buttons = [...people.values()].map((p) => `<button name="handle" value="${p.handle}">${p.name}</button>`);
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(`<!doctype html><title>Sign in</title><h1>Sign in</h1><form method="post">${buttons.join("\n")}</form>`);
    return;
  }
  let body = "";
  for await (const chunk of request) body += chunk;
  const accountId = new URLSearchParams(body).get("handle");
  if (!people.has(accountId)) {
    response.writeHead(400).end(`there is nobody called ${JSON.stringify(accountId)} here\n`);
    return;
  }
  await provider.interactionFinished(request, response, { login: { accountId } }, { mergeWithLastSubmission: false });
}

const answer = provider.callback();
server.on("request", (request, response) => {
  if (!request.url.startsWith("/interaction/")) return answer(request, response);
  interact(request, response).catch((error) => response.writeHead(400).end(`${error.message}\n`));
});

writeFileSync(`${settings.ready}.new`, `${issuer}\n`);
renameSync(`${settings.ready}.new`, settings.ready);
