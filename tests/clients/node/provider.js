// An OpenID provider as panva's oidc-provider serves it, for one client: where it is, and who the client is, come from
// the environment. Whoever signs in is whom they say they are; their groups are those of GROUPS.
import { Provider } from "oidc-provider";

const { ISSUER, REDIRECT, LOGOUT, SECRET, GROUPS } = process.env;

const provider = new Provider(ISSUER, {
  clients: [
    {
      client_id: "gatepass",
      client_secret: SECRET,
      redirect_uris: [REDIRECT],
      backchannel_logout_uri: LOGOUT,
      backchannel_logout_session_required: true,
    },
  ],
  features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true } },
  pkce: { required: () => true },
  conformIdTokenClaims: false,
  claims: { openid: ["sub", "acr", "amr", "auth_time"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
  scopes: ["openid", "email", "profile", "groups"],
  // It speaks to no address of this machine unless it is told how.
  fetch: (url, options) => {
    delete options.dispatcher;
    return fetch(url, options);
  },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      name: id,
      email: `${id}@example.com`,
      email_verified: true,
      groups: GROUPS.split(","),
    }),
  }),
});

provider.listen(new URL(ISSUER).port, "127.0.0.1", () => console.log("listens"));
