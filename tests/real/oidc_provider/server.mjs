// A certified OpenID provider with two made-up people, for tests alone: `node server.mjs PORT CALLBACK SECRET`.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const [port, callback, secret] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const people = { member: ["retail"], owner: ["risk-owners"] };
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = { ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: "oidc-provider" };
const resource = "urn:guildhall";
const device = "urn:ietf:params:oauth:grant-type:device_code";
const loggedOut = `${issuer}/logged-out`;
const told = [];

const strength = (ctx) => {
  const { AuthorizationCode, DeviceCode, RefreshToken } = ctx.oidc.entities;
  const source = AuthorizationCode ?? DeviceCode ?? RefreshToken;
  return source && { acr: source.acr, auth_time: source.authTime };
};

const provider = new Provider(issuer, {
  jwks: { keys: [key] },
  cookies: { keys: ["only for tests"] },
  clients: [
    {
      client_id: "guildhall",
      client_secret: secret,
      token_endpoint_auth_method: "client_secret_basic",
      redirect_uris: [callback],
      post_logout_redirect_uris: [new URL("/sign-in", callback).href],
      grant_types: ["authorization_code", "refresh_token"],
      backchannel_logout_uri: loggedOut,
      backchannel_logout_session_required: true,
    },
    {
      client_id: "guildhall-cli",
      token_endpoint_auth_method: "none",
      redirect_uris: [],
      response_types: [],
      grant_types: [device, "refresh_token"],
    },
  ],
  acrValues: ["1", "gold"],
  claims: { openid: ["sub", "groups"], profile: ["name", "preferred_username"], acr: null, auth_time: null, sid: null },
  conformIdTokenClaims: false,
  scopes: ["openid", "profile", "email"],
  pkce: { required: () => true },
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  extraTokenClaims: strength,
  // All it ever sends by itself are logout tokens; tests read them where it would have sent them.
  fetch: async (_, options) => {
    told.push(options.body.get("logout_token"));
    return new Response(null, { status: 200 });
  },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    deviceFlow: { enabled: true },
    pushedAuthorizationRequests: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: "", audience: "guildhall", accessTokenFormat: "jwt", jwt: { sign: { alg: "RS256" } } }),
    },
  },
  findAccount: (_, id) =>
    id in people && {
      accountId: id,
      claims: () => ({ sub: id, groups: people[id], name: `The ${id}`, preferred_username: id }),
    },
  loadExistingGrant: async (ctx) => {
    const { client, session } = ctx.oidc;
    const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope("openid profile email");
    await grant.save();
    return grant;
  },
});

const form = '<form method="post"><input name="username"><input name="password"></form>';

const interact = async (request, response) => {
  if (request.method !== "POST") {
    response.setHeader("content-type", "text/html");
    return response.end(form);
  }
  const { params } = await provider.interactionDetails(request, response);
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const accountId = new URLSearchParams(Buffer.concat(chunks).toString()).get("username");
  const asked = (params.acr_values ?? "").split(" ");
  const login = { accountId, acr: asked.includes("gold") ? "gold" : "1", amr: ["pwd"] };
  return provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
};

const answer = provider.callback();
createServer((request, response) => {
  if (request.url === "/logged-out") return response.end(JSON.stringify(told));
  return request.url.startsWith("/interaction/") ? interact(request, response) : answer(request, response);
}).listen(Number(port), "127.0.0.1");
