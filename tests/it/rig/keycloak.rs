//! Keycloak, if it is unpacked (`make keycloak`): a provider that many companies run, as it is delivered except for a
//! realm with one client and some people.

use super::{
    openid::{Account, OidcProvider},
    server::{Launch, Server},
};
use serde_json::{Value, json};
use std::{path::PathBuf, time::Duration};

/// The password of every person in the realm.
pub const PASSWORD: &str = "a-password-of-the-rig";

/// A running Keycloak.
pub struct Keycloak {
    _server: Server,
    issuer: String,
}

impl Keycloak {
    /// Starts the Keycloak that `LATCHKEY_KEYCLOAK` names, with these people, for a client at `redirect_uri`.
    ///
    /// # Panics
    /// If there is none, or it does not answer within two minutes.
    pub async fn start(redirect_uri: &str, people: &[Account]) -> Self {
        let home = PathBuf::from(std::env::var_os("LATCHKEY_KEYCLOAK").expect("LATCHKEY_KEYCLOAK names its folder"));
        let import = home.join("data/import");
        std::fs::create_dir_all(&import).unwrap();
        super::write(&import.join("latchkey.json"), &realm(redirect_uri, people).to_string());
        let port = super::free_port();
        let issuer = format!("http://localhost:{port}/realms/latchkey");
        let mut server = Launch::new("keycloak", home.join("bin/kc.sh"), &super::folder("keycloak"))
            .args(["start-dev", "--import-realm", "--db=dev-mem", "--http-host=127.0.0.1"])
            .args([format!("--http-port={port}")])
            .ended_by("TERM")
            .start()
            .unwrap();
        let discovery = format!("{issuer}/.well-known/openid-configuration");
        let answers = async || {
            let answer = reqwest::get(&discovery).await.ok()?;
            answer.status().is_success().then_some(())
        };
        server.ready(Duration::from_mins(2), answers).await.unwrap();
        Self { _server: server, issuer }
    }

    /// The issuer's address.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }
}

fn realm(redirect_uri: &str, people: &[Account]) -> Value {
    let groups: std::collections::BTreeSet<&String> = people.iter().flat_map(|person| &person.groups).collect();
    let groups: Vec<Value> = groups.into_iter().map(|name| json!({ "name": name })).collect();
    let users: Vec<Value> = people
        .iter()
        .map(|person| {
            json!({
                "username": person.handle, "enabled": true, "email": person.email, "emailVerified": true,
                "firstName": person.name, "lastName": "Example",
                "credentials": [{ "type": "password", "value": PASSWORD, "temporary": false }],
                "groups": person.groups.iter().map(|group| format!("/{group}")).collect::<Vec<_>>(),
            })
        })
        .collect();
    // The one thing that differs from Keycloak as it is delivered.
    let mapper = json!({
        "name": "groups", "protocol": "openid-connect", "protocolMapper": "oidc-group-membership-mapper",
        "config": {
            "claim.name": "groups", "full.path": "false", "id.token.claim": "true", "userinfo.token.claim": "true",
        },
    });
    json!({
        "realm": "latchkey", "enabled": true, "sslRequired": "none", "groups": groups, "users": users,
        "clients": [{
            "clientId": OidcProvider::CLIENT_ID, "secret": OidcProvider::CLIENT_SECRET, "protocol": "openid-connect",
            "publicClient": false, "standardFlowEnabled": true, "redirectUris": [redirect_uri],
            "attributes": { "pkce.code.challenge.method": "S256" }, "protocolMappers": [mapper],
        }],
    })
}
